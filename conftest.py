"""Where pyspark is not installed, the modules that need it are not looked through for examples."""

from importlib.util import find_spec
from pathlib import Path

SPARK = Path(__file__).parent / "streammi/interop/spark"
NEEDING = [str(path) for path in SPARK.glob("*.py") if "pyspark" in path.read_text()]
collect_ignore = [] if find_spec("pyspark") else NEEDING
