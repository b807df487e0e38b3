"""The kernels of learning and of a reading, without those that take pairs in and those of ranks.

They are a half of what a first start compiles.
"""

import numpy as np

from streammi.config import Span
from streammi.core.bins.binning import QuantileBins
from streammi.core.window.contents import Contents
from streammi.core.window.joint_window import JointWindow

_PAIRS = 64


def warm_up_readings() -> None:
    """Load or compile them, for a window of pairs with bins that are learnt."""
    values = np.random.default_rng(0).random((2, _PAIRS))
    contents = Contents(QuantileBins(), QuantileBins(), Span(_PAIRS), "plugin")
    contents.ring.refill(np.zeros(_PAIRS, dtype=np.uint32), values, None)
    contents.check()
    header, arrays = contents.saved()
    window = JointWindow.from_state(header | {"nonfinite": 0}, arrays)
    window.reading(batch_errors=window.batch_errors())
