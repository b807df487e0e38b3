"""The dashboard in a browser: what a page shows of a snapshot, and the server that hands it out."""
