"""Where pyspark is not installed, the modules that need it are not looked through for examples."""

from importlib.util import find_spec

NEEDING = ("keyed", "pairs", "sink", "source", "sources", "stateful")
collect_ignore = [] if find_spec("pyspark") else [f"streammi/interop/spark/{name}.py" for name in NEEDING]
