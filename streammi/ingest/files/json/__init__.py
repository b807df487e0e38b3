"""Files of JSON: their records as pairs, or as rows of many channels."""
