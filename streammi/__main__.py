"""The command ``streammi``, and ``python -m streammi``: the command line, once signals are in hand."""

from streammi.system.signals import hold_signals


def main() -> None:
    """Run the command line."""
    hold_signals()
    from streammi.cli.main import main as run  # takes 0.1 s, in which a signal may come

    run()


if __name__ == "__main__":
    main()
