"""The terminal view: a pure function of a Snapshot, and the thin shell that puts it on a screen."""
