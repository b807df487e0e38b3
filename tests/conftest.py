"""Settings of the whole suite."""

from hypothesis import settings

# A first example may compile a kernel, and shared machines pause: how long one takes says nothing.
settings.register_profile("streammi", deadline=None, print_blob=True)
settings.load_profile("streammi")
