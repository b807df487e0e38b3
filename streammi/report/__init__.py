"""A recording as a page with pictures: what is collected of it, how it is drawn, and the page."""
