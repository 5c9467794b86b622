"""Any result as parts: what the generic template shows, and in which order."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.rendering.language import open_language
from reportgen.rendering.parts import Part, parts_of
from reportgen.results.plottables import Histogram, Strip

HISTOGRAM = Histogram(np.linspace(0, 1, 3), {"samples": np.array([1, 2])})


@dataclass(frozen=True)
class Inner:
    is_dark: bool
    strip: Strip


@dataclass(frozen=True)
class Outer:
    mean_input: float
    dark: int
    note: str
    by_name: dict[str, Histogram]
    row: np.ndarray
    inner: tuple[Inner, ...]
    picture: np.ndarray
    unknown: Any = None


def test_numbers_that_follow_one_another_are_one_part_and_names_lead_to_captions() -> None:
    strip = Strip(np.array([1.0]), 0.5)
    result = Outer(0.5, 1234, "Said.", {"train": HISTOGRAM}, np.arange(14), (Inner(True, strip),), np.zeros((2, 2)))
    row = "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …"
    assert parts_of(result, language=open_language("en")) == [
        Part("facts", "", [("Mean input", "0.500"), ("Dark", "1,234")]),
        Part("text", "Note", "Said."),
        Part("histogram", "By name, train", HISTOGRAM),
        Part("facts", "", [("Row", row), ("Inner, 0, is dark", "yes")]),
        Part("strip", "Inner, 0, strip", strip),
    ]


def test_numbers_are_written_as_the_language_does() -> None:
    assert parts_of({"sure": np.bool_(False)}, language=open_language("ko")) == [
        Part("facts", "", [("Sure", "아니요")])
    ]
