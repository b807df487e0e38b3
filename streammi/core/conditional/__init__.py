"""What a third signal, or a signal's own past, accounts for: conditional mutual information and transfer entropy."""
