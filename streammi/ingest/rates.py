"""Rates: how many messages and pairs a second, from their totals."""

from collections import deque
from typing import Final

from streammi.network.silence import STALLED_SHARE

RATE_SECONDS: Final = 2.0


class Meter:
    """Rates from totals: over the last seconds, or between the last two where these are further apart.

    >>> meter = Meter()
    >>> for k in range(4):
    ...     meter.add(5.0 * k, k, 2 * k)
    >>> meter.rates(19.0), meter.rates(90.0)
    ((0.2, 0.4), (0.0, 0.0))
    """

    def __init__(self) -> None:
        self._points: deque[tuple[float, int, int]] = deque()

    def add(self, now: float, messages: int, pairs: int) -> None:
        """Note the totals at a time; at most 20 points a second are kept. A clock that was set back starts anew."""
        if self._points and now < self._points[-1][0]:
            self._points.clear()
        if not self._points or now - self._points[-1][0] >= 0.05:
            self._points.append((now, messages, pairs))
        while len(self._points) > 2 and now - self._points[0][0] > RATE_SECONDS:
            self._points.popleft()

    def state(self) -> list[tuple[float, int, int]]:
        """Plain values and arrays that ``restore`` takes."""
        return list(self._points)

    def restore(self, points: list[tuple[float, int, int]]) -> None:
        """Take up a saved state."""
        self._points = deque(points)

    def rates(self, now: float) -> tuple[float | None, float | None]:
        """Messages and pairs a second; None before there are two points, 0 after nothing came for long."""
        if len(self._points) < 2:
            return None, None
        (first, messages0, pairs0), (last, messages1, pairs1) = self._points[0], self._points[-1]
        if now - last > max(RATE_SECONDS, STALLED_SHARE * (last - first) / (len(self._points) - 1)):
            return 0.0, 0.0
        return (messages1 - messages0) / (last - first), (pairs1 - pairs0) / (last - first)
