"""How far a long stage is, by a clock of our own."""

from typing import Any

import numpy as np
import pytest

import reportgen
from reportgen.progress import Progress, counted_off, heard


class Clock:
    """Seconds that go on by as much at each look."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def told_by(items: Any, total: int, *, step: float = 1.0, **more: Any) -> list[Progress]:
    told: list[Progress] = []
    with heard(told.append, clock=Clock(step)) as begin:
        begin("stage")
        assert list(counted_off(items, total, **more)) == list(items)
    return told[1:]


def test_a_stage_is_told_when_it_begins_and_then_its_counts_and_what_is_left() -> None:
    told = told_by([7, 8, 9, 10], 4)
    assert [(one.stage, one.done, one.total) for one in told] == [("stage", n, 4) for n in (1, 2, 3, 4)]
    assert [one.seconds_left for one in told] == [3.0, 3.0, 5 / 3, 0.0]  # the clock is looked at twice an item


def test_batches_count_for_their_size_and_the_last_for_what_is_left() -> None:
    assert [one.done for one in told_by([0, 4, 8], 10, size=4)] == [4, 8, 10]
    assert [one.done for one in told_by(["abc", "d"], 4, size=None)] == [3, 4]


def test_it_is_told_at_most_ten_times_a_second_and_always_at_the_end() -> None:
    told = [one.done for one in told_by(range(100), 100, step=0.03)]
    assert told == [*range(3, 100, 4), 100]  # 0.03 s for each look, of which one is for telling


def test_a_loop_within_a_counted_loop_tells_nothing() -> None:
    told: list[Progress] = []
    with heard(told.append, clock=Clock(1)) as begin:
        begin("stage")
        for _ in counted_off("ab", 2):
            assert list(counted_off(range(5), 5)) == [0, 1, 2, 3, 4]
    assert [(one.done, one.total) for one in told] == [(0, 0), (1, 2), (2, 2)]


def test_a_loop_that_was_left_does_not_silence_the_next() -> None:
    told: list[Progress] = []
    with heard(told.append, clock=Clock(1)):
        next(counted_off(range(5), 5))
        list(counted_off(range(2), 2))
    assert [one.done for one in told] == [1, 2]


def test_where_nobody_listens_items_pass() -> None:
    assert list(counted_off(range(3), 3)) == [0, 1, 2]
    with heard(None) as begin:
        begin("stage")
        assert list(counted_off(range(3), 3)) == [0, 1, 2]


def test_what_begins_a_stage_also_tells_its_name() -> None:
    names: list[str] = []
    told: list[Progress] = []
    with heard(told.append, on_stage=names.append) as begin:
        begin("one")
    with heard(None, on_stage=names.append) as begin:
        begin("two")
    assert (names, told) == (["one", "two"], [Progress("one")])


def test_a_listener_that_raises_is_warned_of_once_and_told_no_more() -> None:
    calls: list[Progress] = []

    def broken(progress: Progress) -> None:
        calls.append(progress)
        raise ValueError("no bar")

    with heard(broken) as begin:
        with pytest.warns(UserWarning, match="on_progress failed and is told no more: ValueError: no bar"):
            begin("one")
        begin("two")
        assert list(counted_off(range(3), 3)) == [0, 1, 2]
    assert len(calls) == 1


def test_a_report_tells_its_stages_and_counts_its_samples_without_a_changed_byte(nested_model: Any) -> None:
    samples = np.random.default_rng(0).random((300, 8, 8, 1)).astype(np.float32)
    told: list[Progress] = []
    pair = (samples, np.arange(300) % 2)
    report = reportgen.build_report(nested_model, pair, attribution="none", on_progress=told.append)
    stages = list(dict.fromkeys(one.stage for one in told))
    assert stages[:4] == ["Loading TensorFlow", "Loading the model", "Reading the samples", "Running the model"]
    assert [section.title for section in report.sections if section.title in stages]
    running = [one for one in told if one.stage == "Running the model" and one.total]
    assert {one.total for one in running} == {300}
    assert running[-1].done == 300
    learned = [one for one in told if one.stage == "Learned or not" and one.total]
    assert (learned[-1].done, learned[-1].total) == (3, 3)
    assert reportgen.build_report(nested_model, pair, attribution="none").to_json() == report.to_json()
