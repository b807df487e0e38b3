"""The input formats, a file each (how it is told from others, how one message is read), and what they share."""
