"""Recordings of a live feed: what is in one, how it lies in a file, who writes it and who reads it."""
