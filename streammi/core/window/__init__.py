"""The sliding window: its pairs, how often each pair of symbols occurs, and the sums that entropies are made of."""
