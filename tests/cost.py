"""What a test comes to: read from its code, its fixtures' and that of the tests' own functions which these call."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

TESTS = Path(__file__).parent

REPORTS = ("build_report", "build_comparison", "build_reports", "make_report", "make_comparison", "ReportCallback")
PROCESSES = ("subprocess", "multiprocessing", "Popen", "Processes", "ProcessPoolExecutor")
TRAINING = ("fit",)
COMMAND_LINE = "reportgen.cli.app"

DEAR = frozenset((*REPORTS, *PROCESSES, *TRAINING, COMMAND_LINE))
"""Names that tell that a test is dear: what each of them stands for takes as long as ten plain tests."""


def is_dear(item: pytest.Item) -> bool:
    """Return whether a test makes a report, runs the command line, starts a process or trains, itself or by a fixture."""
    if not isinstance(item, pytest.Function):
        return False
    known = item._fixtureinfo.name2fixturedefs
    fixtures = [fixture.func for name in item.fixturenames for fixture in known.get(name, ())]
    return any(map(_is_dear, (item.function, *fixtures)))


@cache
def _is_dear(function: Any) -> bool:
    waiting, seen = [function], set[int]()
    while waiting:
        part = waiting.pop()
        part = getattr(part, "__wrapped__", part)
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, FunctionType) and part.__module__ == COMMAND_LINE:
            return True
        if isinstance(part, FunctionType) and Path(part.__code__.co_filename).is_relative_to(TESTS):
            names = set(_names(part.__code__))
            if names & DEAR:
                return True
            waiting += [part.__globals__.get(name) for name in names]
        elif isinstance(part, type):
            waiting += vars(part).values()
    return False


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
