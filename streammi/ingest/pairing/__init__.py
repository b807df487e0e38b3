"""Two sources into pairs: an event-time join; and many signals into rows."""
