"""Where pyspark is not installed, the modules that need it are not looked through for examples."""

from importlib.util import find_spec

NEEDING = ("input_columns", "keyed", "pairs", "sink", "stateful_query", "streaming_sources")
collect_ignore = [] if find_spec("pyspark") else [f"streammi/interop/spark/{name}.py" for name in NEEDING]
