"""Changes that a person should know of: of readings, inputs and links, of many pairs, and by rules of a person."""
