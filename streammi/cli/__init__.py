"""The command line: options and where they come from, the commands (`main`), and a file for what each of them runs."""
