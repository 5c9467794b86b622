"""The command line: the only package that prints."""

from __future__ import annotations

import gc

_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Objects that are made before Python looks for garbage in a process of its own, 700 to 2,000 elsewhere: what is imported stays,
and looking it through took 0.09 s of a demo's CPU time, of which 0.03 are left. The peak of a report is the same."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; see `reportgen.cli.app`."""
    if arguments is None:  # otherwise the process is somebody else's
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        from reportgen.cli.app import main as run_and_exit
    except KeyboardInterrupt:  # while Python reads the program
        raise SystemExit(130) from None
    run_and_exit(arguments)
