"""Two sources into pairs: an event-time join."""
