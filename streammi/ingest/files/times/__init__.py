"""The times of a file: which columns have them, and how they are written."""
