"""Nothing is compiled, or loaded, while a feed is connected: what queues up behind a compiler is lost."""

import subprocess
import sys

CODE = """
import importlib, os, pkgutil, sys
import numpy as np
from numba.core.dispatcher import Dispatcher
from streammi import Monitor, PairBatch
from streammi.monitor.warm_up import warm_up
from streammi.config import MonitorConfig, bins, lag_range, span
from streammi.core import kernels
from streammi.records import LinkHealth

modules = [importlib.import_module(m.name) for m in pkgutil.iter_modules(kernels.__path__, kernels.__name__ + ".")]
dispatchers = [d for module in modules for d in vars(module).values() if isinstance(d, Dispatcher)]

def compiled():
    return {(d.__name__, str(signature)) for d in dispatchers for signature in d.signatures}

def monitored(timed, **settings):
    rng = np.random.default_rng(0)
    config = MonitorConfig(every=span("100ms"), **settings)
    warm_up(config)
    before, imported = compiled(), set(sys.modules)
    monitor = Monitor(config)
    for k in range(30):
        for start, n, seconds in ((0.0, 100, 0.98), (0.99, 1, 0.0), (0.991, 1000, 0.005)):
            t = k + start + np.arange(n) / n * seconds if timed else None
            monitor.feed(PairBatch(x=rng.normal(size=n), y=rng.normal(size=n), t=t, received=1e9 + k + start))
        monitor.snapshot(run=1, seq=1, timestamp=1.0, links=(LinkHealth(endpoint="x", state="connected"),))
    print(len(before) > 5, sorted(name for name, _ in compiled() - before), sorted(set(sys.modules) - imported),
          sorted(sys.modules.keys() & {'river', 'scipy.stats', 'sklearn'}), flush=True)

for timed, settings in (
    (False, dict(window=span(200))),
    (False, dict(window=span(200), bins=bins('categories'))),
    (True, dict(window=span(200), null=19, lags=lag_range('-5:5'))),
    (True, dict(window=span('2s'), null=19, lags=lag_range('-0.05s:0.05s'), detector='page-hinkley')),
    (False, dict(window=span(200), x_range=(-3, 3))),
):
    if not os.fork():  # each with no kernel yet, and all with one start
        monitored(timed, **settings)
        os._exit(0)
    os.wait()
"""


def test_every_kernel_is_there_before_the_feed_is() -> None:
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert run.stdout == "True [] [] []\n" * 5  # nor is anything imported meanwhile, or at all what no default needs


READINGS = """
import importlib, pkgutil
import numpy as np
from numba.core.dispatcher import Dispatcher
from streammi.core.kernels import bin_fit, change_points, lagged, nested, reading, standard_errors
from streammi.core.window.warm_up import warm_up_readings

modules = (bin_fit, change_points, lagged, nested, reading, standard_errors)
of_all = [d for module in modules for d in vars(module).values() if isinstance(d, Dispatcher)]
of_readings = [d for d in of_all if not d.targetoptions.get("no_cpython_wrapper")]  # and of no part of them

def compiled():
    return {(d.__name__, str(signature)) for d in of_readings for signature in d.signatures}

warm_up_readings()
before = compiled()
from streammi.config import MonitorConfig, span
from streammi.monitor.warm_up import warm_up
warm_up(MonitorConfig(window=span(200), every=span("100ms")))
print({name for name, _ in before} >= {"of_values", "of_counts", "spreads", "atoms", "gains"})
print(sorted(compiled() - before))
"""


def test_a_second_process_compiles_what_readings_take_with_the_types_that_they_have() -> None:
    run = subprocess.run([sys.executable, "-c", READINGS], capture_output=True, text=True, check=True)
    assert run.stdout == "True\n[]\n"
