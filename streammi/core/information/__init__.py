"""From counts to information: estimators, the measures of a reading, and MI at many delays."""
