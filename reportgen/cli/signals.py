"""Signals that ask the program to end: the first becomes an exception, so that what was begun is cleaned up."""

from __future__ import annotations

import signal
from types import FrameType

ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP
"""The signals that ask a program to end."""

BY_SIGNAL = 128
"""Exit codes of programs that a signal ended are this and its number."""


class Terminated(BaseException):
    """The process was asked to end by a signal.

    Attributes:
        exit_code: what such a program ends with.
    """

    def __init__(self, number: int = signal.SIGINT, left: str = "nothing was written") -> None:
        """Take the signal's number, and what is left behind."""
        super().__init__(f"{'interrupted' if number == signal.SIGINT else 'terminated'}; {left}.")
        self.number = number
        self.exit_code = BY_SIGNAL + number


def end_by_exception() -> None:
    """Make the first ending signal an exception and ignore further ones, which would disturb the cleaning up."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as of SIGHUP under nohup
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    for other in ENDING:
        signal.signal(other, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Terminated(number)
