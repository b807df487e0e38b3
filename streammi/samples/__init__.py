"""Samples to publish: made-up signals, a made-up plant of many, and this machine's own readings."""
