"""Conditional mutual information and transfer entropy: what a third signal, or a signal's own past, accounts for."""
