"""Changes that a person should know of: of the readings, on river's drift detectors; of the inputs; of the links."""
