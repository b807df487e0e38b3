"""``python -m streammi`` is the command line."""

from streammi.cli import main

if __name__ == "__main__":
    main()
