"""Samples to publish: made-up signals and this machine's own readings."""
