"""From a feed to pairs: formats and pairing are pure; subscriber, files and host do the input."""
