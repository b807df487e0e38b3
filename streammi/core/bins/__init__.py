"""From values to symbols: the ways to divide an axis, and how x and y are divided now."""
