"""The only compiled code: plain loops on preallocated arrays, results in ``out`` or in the arrays given."""
