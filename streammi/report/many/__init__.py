"""A recording of many channels as a page: which depend on each other, how, and what changed."""
