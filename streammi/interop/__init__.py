"""streammi inside other engines."""
