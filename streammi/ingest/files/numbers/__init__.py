"""Numbers in the fields of a file, as people, programs and countries write them."""
