"""A recording, or a running monitor, as a page with pictures: what is collected, how it is drawn, and the page."""
