"""Settings of the whole suite."""

from hypothesis import HealthCheck, settings

# A first example may compile a kernel, and shared machines pause: how long one takes says nothing.
settings.register_profile("streammi", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("streammi")
