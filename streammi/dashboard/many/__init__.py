"""The screen of many channels: a table of their pairs, the matrix of all of them, and the way into one."""
