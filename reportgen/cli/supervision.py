"""A parent process that outlives a crash in native code: it hears each stage, and says and mends what ended the work.

The work is done in a child, forked before TensorFlow is imported, which costs nothing that can be measured; where there is no
safe fork it is a new process. Should the child die without a word, hang in a stage or run out of memory, the parent knows the
stage: it says what happened in one line and, where a report can do without the stage, has it made again without it.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any

from reportgen.cli.signals import BY_SIGNAL, ENDING, end_by_exception
from reportgen.errors import TOO_LITTLE_MEMORY, MachineError, ReportgenError, lack_in, machine_error
from reportgen.messages import Message, counted, say
from reportgen.untrusted.escaping import escaped

START_METHOD = (
    "fork" if "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin" else "spawn"
)  # on macOS a fork may end in the system's own libraries
_LINES_SHOWN = 12
# What TensorFlow logs whenever it is loaded: notes and warnings, as absl and as TensorFlow itself mark them
_CHATTER = re.compile(r"(\d{4}-\d\d-\d\d .*: )?[IW](\d{4})? |WARNING: All log messages before absl")
_TAIL_BYTES = 4000


@dataclass(frozen=True)
class Stage:
    """One stage of the work.

    Attributes:
        name: what it is called, such as 'Loading TensorFlow' or a section's title.
        needed: whether nothing can be made without it.
        seconds: the longest that it may take; None for any time.
    """

    name: str
    needed: bool = True
    seconds: float | None = None


@dataclass(frozen=True)
class Attempt:
    """One try at the work.

    Attributes:
        lost: stages to do without, each with the reason for the page.
        native: path of the file that takes what libraries write to standard error; None throws it away.
    """

    lost: Mapping[str, str] = field(default_factory=dict)
    native: str | None = None
    link: Any = None

    def tell(self, stage: Stage) -> None:
        """Tell the parent which stage begins; alone, nothing is told."""
        if self.link is not None:
            self.link.send(stage)


ALONE = Attempt()
"""The work without a parent, as in tests and from Python."""

Work = Callable[[Any, Attempt], int]


@dataclass(frozen=True)
class _End:
    """How an attempt ended.

    Attributes:
        stage: the stage that it was in.
        code: its exit code; None where it ended without telling one.
        died: what Python says of the process: a negative number for a signal.
        overdue: whether it was ended because the stage took too long.
    """

    stage: Stage
    code: int | None
    died: int | None = None
    overdue: bool = False


def supervised(work: Work, arguments: Any, *, method: str = START_METHOD) -> int:
    """Return the exit code of some work that is done in a child process, again where a stage ends it that is not needed.

    Args:
        work: a function of a module, which is given the arguments and the attempt, and returns an exit code.
        arguments: what it is given; it can be pickled.
        method: how multiprocessing starts a child: 'fork' or 'spawn'.
    """
    lost: dict[str, str] = {}
    with _kept_file() as native, _forwarded_signals() as child:
        while True:
            _empty(native)
            try:
                end = _attempt(work, arguments, Attempt(lost, native), child, method)
            except OSError:  # not a process more: then the work is done here
                return work(arguments, Attempt(lost))
            if end.code is not None:
                if end.code in (ReportgenError.exit_code, MachineError.exit_code):
                    _show_native(native)
                return end.code
            if child.asked:
                _say("interrupted." if child.asked == signal.SIGINT else "terminated.")
                return BY_SIGNAL + child.asked
            if end.stage.needed or end.stage.name in lost:
                return _given_up(end, native)
            lack = _lack(end, native)
            lost[end.stage.name] = _reason(end, lack)
            cause = f", as this machine has {lack}," if lack else ""
            _say(f"{_what(end)}{cause} in '{end.stage.name}'; the report is made again without it.")


@dataclass
class _Child:
    """The child at present, for signals that arrive.

    Attributes:
        process: the process; None between two.
        asked: the signal by which the program was asked to end; 0 for none.
    """

    process: Any = None
    asked: int = 0


@contextlib.contextmanager
def _forwarded_signals() -> Iterator[_Child]:
    """Yield the child to be, to which the signals that ask the program to end are forwarded; a second one ends it at once."""
    child = _Child()

    def forward(number: int, frame: FrameType | None) -> None:
        del frame
        process = child.process
        if process is not None and process.is_alive():
            if child.asked:
                process.kill()
            else:
                os.kill(process.pid, number)
        child.asked = number

    before = {number: signal.getsignal(number) for number in ENDING}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, forward)
    try:
        yield child
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _kept_file() -> Iterator[str | None]:
    """Yield the path of an empty file that goes away at the end; None where none can be made."""
    try:
        handle, name = tempfile.mkstemp(prefix="reportgen.", suffix=".log")
    except OSError:
        yield None
        return
    os.close(handle)
    try:
        yield name
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink()


def _attempt(work: Work, arguments: Any, attempt: Attempt, child: _Child, method: str) -> _End:
    context: Any = multiprocessing.get_context(method)
    receiving, sending = context.Pipe(duplex=False)
    given = Attempt(attempt.lost, attempt.native, sending)
    process = context.Process(target=_run, args=(work, arguments, given), name="reportgen")
    process.start()
    child.process = process
    sending.close()
    try:
        return _heard(receiving, process)
    finally:
        child.process = None
        receiving.close()


def _heard(receiving: Connection, process: Any) -> _End:
    """Return how a child ended, having heard its stages."""
    stage, code, began = Stage("Starting"), None, time.monotonic()
    while True:
        left = None if stage.seconds is None else max(stage.seconds - (time.monotonic() - began), 0)
        ready = wait([receiving, process.sentinel], left)
        if not ready:
            process.kill()
            process.join()
            return _End(stage, None, overdue=True)
        try:
            told = receiving.recv() if receiving in ready or receiving.poll() else None
        except (EOFError, OSError):
            told = None
        if isinstance(told, Stage):
            stage, began = told, time.monotonic()
        elif told is not None:
            code = int(told)
        else:
            process.join()
            return _End(stage, code, process.exitcode)


def _run(work: Work, arguments: Any, attempt: Attempt) -> None:
    """Do the work in the child and tell the parent the exit code, without which it counts as crashed."""
    atexit._clear()  # those of the parent are not for its copy
    end_by_exception()
    threading.Thread(target=_end_with_parent, args=(attempt.native,), daemon=True).start()
    code = work(arguments, attempt)
    atexit._run_exitfuncs()  # a child of multiprocessing leaves them out
    attempt.link.send(code)


def _end_with_parent(native: str | None) -> None:
    """Ask this process to end, as by SIGTERM, once its parent has gone; remove the file that was the parent's to remove."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        if native is not None:
            Path(native).unlink(missing_ok=True)
        os.kill(os.getpid(), signal.SIGTERM)


def _given_up(end: _End, native: str | None) -> int:
    """Say why there is no report, and return the exit code."""
    lack = _lack(end, native)
    doing = f"{end.stage.name[:1].lower()}{end.stage.name[1:]}"
    if lack:
        error: ReportgenError = machine_error(lack, f"{_what(end)} while {doing}")
        _say(f"{error} Nothing was written.")
        code = error.exit_code
    else:
        _say(f"{_what(end)} while {doing}; nothing was written.")
        code = ReportgenError.exit_code
    _show_native(native)
    return code


def _what(end: _End) -> str:
    """Return in the terminal's words what happened."""
    if end.overdue:
        return f"{_minutes(end.stage.seconds or 0)} passed"
    if end.died is not None and end.died == -getattr(signal, "SIGKILL", 0):
        return "the system killed the process (SIGKILL)"
    return f"native code crashed ({_how(end)})"


def _how(end: _End) -> str:
    """Return the signal's name, or the exit code."""
    if end.died is None or end.died >= 0:
        return f"exit code {end.died}"
    try:
        return signal.Signals(-end.died).name
    except ValueError:
        return f"signal {-end.died}"


def _reason(end: _End, lack: str) -> Message:
    """Return for the page why something was left out."""
    if end.overdue:
        passed = _minutes(end.stage.seconds or 0)
        return say("This took longer than {time} and was skipped; --time-limit allows more.", time=passed)
    if lack:
        return say("The machine ran out of memory here, so the report was made without it.")
    return say("Native code crashed here ({how}), so the report was made without it.", how=_how(end))


def _minutes(seconds: float) -> Message:
    minutes = round(seconds / 60)
    return (
        counted(minutes, "{n} minute", "{n} minutes")
        if minutes
        else counted(round(seconds), "{n} second", "{n} seconds")
    )


def _lack(end: _End, native: str | None) -> str:
    """Return what the machine had too little of where a process died of it, as far as can be known; '' elsewhere."""
    if end.overdue:
        return TOO_LITTLE_MEMORY if end.stage.needed and _memory_is_limited() else ""
    killed = end.died == -getattr(signal, "SIGKILL", 0)
    return lack_in(_tail(native)) or (TOO_LITTLE_MEMORY if killed or _memory_is_limited() else "")


def _memory_is_limited() -> bool:
    """Return whether this process may not take all of the machine's memory, as under ulimit -v."""
    try:
        import resource
    except ImportError:  # Windows
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def _empty(native: str | None) -> None:
    if native is not None:
        with contextlib.suppress(OSError):
            os.truncate(native, 0)


def _tail(native: str | None) -> str:
    if native is None:
        return ""
    with contextlib.suppress(OSError), Path(native).open("rb") as file:
        file.seek(max(os.fstat(file.fileno()).st_size - _TAIL_BYTES, 0))
        return file.read().decode("utf-8", errors="replace")
    return ""


def _show_native(native: str | None) -> None:
    """Show the last lines that libraries wrote to standard error, which is kept from the terminal otherwise."""
    lines = [line for line in _tail(native).splitlines() if line.strip() and not _CHATTER.match(line)]
    for line in lines[-_LINES_SHOWN:]:
        _write(f"  {escaped(line)}\n")


def _say(text: str) -> None:
    _write(f"reportgen: {text}\n")


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
