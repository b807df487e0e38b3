"""A Spark cluster on loopback, for the tests and scripts/spark.py: a master, workers, and jobs that can be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from feeds import free_port

# Half the cost of a Java that lives for a minute: no second compiler, one collector, one thread to compile.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -XX:CICompilerCount=1"
OPEN = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in ("java.nio", "sun.nio.ch", "java.lang", "java.util")]
CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": JAVA,
    "spark.executor.extraJavaOptions": JAVA,
    "spark.executor.memory": "600m",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.streaming.stateStore.providerClass": (
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    ),
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
    "spark.sql.streaming.noDataMicroBatches.enabled": "false",
    "spark.log.level": "OFF",
}


def session(master: str, **conf: str) -> Any:
    """A session on a master; further settings with __ for the dots."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master(master).appName("streammi")
    for name, value in {**CONF, **{name.replace("__", "."): value for name, value in conf.items()}}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def ended(start: Callable[[], Any], times: int = 5) -> Any:
    """Start a query and wait until it ends; returns it.

    A driver gives the Python process of a new query 10 s to start, which it does not on a busy machine: then the query
    is started again, and goes on.
    """
    from pyspark.errors import StreamingQueryException

    while True:
        query = start()
        try:
            query.awaitTermination()
        except StreamingQueryException as error:
            times -= 1
            if not times or "failed to connect back" not in str(error):
                raise
        else:
            return query


def wait_for(done: Callable[[], Any], what: str, seconds: float = 900.0) -> Any:
    """Wait until ``done`` gives something that is true."""
    end = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.1)
    return found


class Cluster:
    """A master on loopback, and its workers, of one core each."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._folder, self._megabytes = folder, megabytes
        self._processes: list[subprocess.Popen[bytes]] = []
        self._port = free_port()
        self.master = f"spark://127.0.0.1:{self._port}"
        self._start("master.Master", "--port", str(self._port))

    def add_worker(self) -> None:
        """Start a worker, once the master answers: a job that finds none gives up after a minute."""
        wait_for(lambda: _answers(self._port), "the master")
        folder = self._folder / f"worker{len(self._processes)}"
        self._start(
            "worker.Worker", "--cores", "1", "--memory", f"{self._megabytes}m", "--work-dir", str(folder), self.master
        )

    def executors(self) -> list[psutil.Process]:
        """The executors' processes, of all jobs."""
        children = [child for one in self._processes for child in psutil.Process(one.pid).children(recursive=True)]
        return [child for child in children if _is_executor(child)]

    def close(self) -> None:
        """Stop all that was started."""
        for process in self._processes[::-1]:
            for child in psutil.Process(process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            process.kill()
            process.wait()

    def _start(self, name: str, *arguments: str) -> None:
        import pyspark

        home = Path(pyspark.__file__).parent
        command = ["java", "-cp", f"{home}/jars/*", *JAVA.split(), *OPEN, "-Xmx256m", f"org.apache.spark.deploy.{name}"]
        environment = {
            **os.environ,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_HOME": str(home),
            "SPARK_SCALA_VERSION": "2.13",
        }
        with open(self._folder / f"{len(self._processes)}.log", "wb") as log:
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--webui-port", "0", *arguments],
                env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        self._processes.append(process)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _is_executor(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "CoarseGrainedExecutorBackend" in " ".join(process.cmdline())
    return False


@contextmanager
def cluster(folder: Path, workers: int, megabytes: int = 700) -> Iterator[Cluster]:
    """A cluster with so many workers, of so much memory each, stopped at the end."""
    found = Cluster(folder, megabytes)
    try:
        for _ in range(workers):
            found.add_worker()
        yield found
    finally:
        found.close()


@contextmanager
def job(code: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A driver of its own that runs ``code``; killed at the end, with its Java."""
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a driver, Python and Java, at once."""
    with suppress(psutil.NoSuchProcess):
        for one in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            with suppress(psutil.NoSuchProcess):
                os.kill(one.pid, signal.SIGKILL)
    process.wait()


def batches(checkpoint: Path) -> int:
    """How many batches of a query are committed; Spark keeps the newest hundred of its notes on them."""
    return max((int(one.name) + 1 for one in (checkpoint / "commits").glob("*") if one.name.isdigit()), default=0)
