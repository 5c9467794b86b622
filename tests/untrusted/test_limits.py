"""Limits, and how sizes are said."""

import os

import pytest

from reportgen.options import ReportOptions
from reportgen.untrusted import limits


def test_sizes_are_said_in_the_unit_that_suits() -> None:
    assert [limits.readable(size) for size in (0, 1023, 1024, 3 << 19, 5 << 30)] == [
        "0 bytes",
        "1023 bytes",
        "1.0 KiB",
        "1.5 MiB",
        "5.0 GiB",
    ]


def test_the_memory_limit_falls_back_where_the_system_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(os, "sysconf", unknown)
    assert limits.half_of_memory() == 4 << 30


def test_the_option_sets_the_limit_and_half_of_the_memory_is_the_default() -> None:
    assert ReportOptions(memory_limit=1.5).memory_limit_bytes == 1_500_000_000
    assert ReportOptions().memory_limit_bytes == limits.HALF_OF_MEMORY
