"""The bytes of a file as lines of text: opened, unpacked, and as UTF-8."""
