"""Formats of messages, a file each: how its messages are told from others, and how one is read."""
