"""Pure computation: numpy and numba; no clock, socket, file or terminal."""
