"""Random numbers of a test file that are the same in each test, whichever ran before it."""

from typing import Any

import numpy as np
import pytest


def drawn_alike(rng: np.random.Generator) -> Any:
    """A fixture that sets a generator back before each test: some of what is random is something else by chance."""
    drawn = rng.bit_generator.state

    @pytest.fixture(autouse=True)
    def same_draws() -> None:
        rng.bit_generator.state = drawn

    return same_draws
