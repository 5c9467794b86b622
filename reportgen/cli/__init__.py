"""The command line: the only package that prints."""

from __future__ import annotations


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; see `reportgen.cli.app`."""
    try:
        from reportgen.cli.app import main as run_and_exit
    except KeyboardInterrupt:  # while Python reads the program
        raise SystemExit(130) from None
    run_and_exit(arguments)
