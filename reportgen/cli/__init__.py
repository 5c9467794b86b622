"""The command line: the only package that prints."""

from reportgen.cli.app import main

__all__ = ["main"]
