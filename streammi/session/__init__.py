"""A monitor that runs: what happens to it, how its state outlives it, and what its operator is told."""
