"""Many devices: a window a key, of one pair of signals each, in arrays that all of them share."""
