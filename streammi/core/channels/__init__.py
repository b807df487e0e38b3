"""Many channels: the sliding window of their rows, the counts of every pair of them, and what stands out."""
