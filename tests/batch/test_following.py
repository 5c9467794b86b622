"""A folder of checkpoints as a training writes it: each is told of once, when it is whole."""

import contextlib
from pathlib import Path

import pytest

from reportgen.batch import BatchModel, watch


class EndError(Exception):
    """Ends a watch."""


@pytest.fixture
def told(tmp_path):
    """Return a function that plays a training, a step at each pause, and returns what was told after each step."""

    def play(*steps) -> list[list[str]]:
        told: list[list[str]] = [[]]
        waiting = iter(steps)

        def pause() -> None:
            step = next(waiting, None)
            if step is None:
                raise EndError
            told.append([])
            step(tmp_path)

        def look() -> list[BatchModel]:
            return [BatchModel(path=path, name=path.stem) for path in sorted(tmp_path.glob("*.keras"))]

        found = watch(look, pause=pause)
        with contextlib.suppress(EndError):
            for models in found:
                told[-1] += [model.name for model in models]
        return told

    return play


def write(name: str, text: str):
    return lambda folder: (folder / f"{name}.keras").write_text(text)


def nothing(folder: Path) -> None:
    del folder


def test_a_checkpoint_is_told_of_once_it_no_longer_grows(told):
    steps = write("a", ""), write("a", "ha"), write("a", "half"), write("a", "half and whole"), nothing, nothing
    assert told(*steps) == [[], [], [], [], [], ["a"], []]


def test_one_that_is_written_over_is_told_of_again(told):
    assert told(write("best", "1"), nothing, write("best", "2.."), nothing, nothing) == [
        [],
        [],
        ["best"],
        [],
        ["best"],
        [],
    ]


def test_others_do_not_wait_for_one_that_grows(told):
    steps = write("a", "whole"), write("b", "h"), write("b", "ha"), write("b", "half")
    assert told(*steps) == [[], [], ["a"], [], []]


def test_one_that_is_gone_is_not_told_of(told):
    assert told(write("a", "x"), lambda folder: (folder / "a.keras").unlink(), nothing) == [[], [], [], []]
