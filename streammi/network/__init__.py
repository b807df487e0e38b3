"""ZeroMQ connections: endpoints, keys and authentication, limits; the subscriber, its link and frames, and silence."""
