"""Recorded pairs in CSV files, one file or two."""
