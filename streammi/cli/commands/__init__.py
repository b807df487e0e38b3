"""The commands as they are declared, a file each: words in, what runs them called; cli.app lists them."""
