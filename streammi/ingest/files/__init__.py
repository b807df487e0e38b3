"""Recordings that others wrote, as files: what is in them, and their pairs."""
