"""Groups of samples, how often the model is right on each, and which are named."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import LIMITS, context, evaluated_samples
from scipy.stats import norm

from reportgen.analyses.base import Skip
from reportgen.analyses.slices import Slices
from reportgen.analyses.slices.analysis import _written
from reportgen.analyses.slices.results import SlicesResult
from reportgen.analyses.slices.rules import WEAK, findings
from reportgen.measures.intervals import measure
from reportgen.samples import SliceColumn

GENERATOR = np.random.default_rng(11)
LABELS = np.arange(400) % 4
FLAT = np.zeros((400, 10), np.float32)
"""Samples that are no pictures, which make no slices by themselves."""


def answers(wrong: np.ndarray) -> np.ndarray:
    """Return scores that give each label but to these samples."""
    return np.eye(4)[(LABELS + wrong) % 4] * 0.8 + 0.05


def column(name: str, values: np.ndarray) -> SliceColumn:
    return SliceColumn(name, tuple(map(str, values.tolist())))


def run(wrong: np.ndarray, *columns: SliceColumn, images: np.ndarray = FLAT, **given: Any) -> Any:
    samples = evaluated_samples(images, labels=LABELS, outputs=answers(wrong), **given)
    return Slices().run(context(samples, slices=columns))


def told(wrong: np.ndarray, *columns: SliceColumn, **given: Any) -> SlicesResult:
    result = run(wrong, *columns, **given)
    assert isinstance(result, SlicesResult)
    return result


def newcombe(first: tuple[int, int], second: tuple[int, int], confidence: float) -> tuple[float, float]:
    """Return the interval of a difference of rates by the roots of the score equation, which is how Newcombe states it."""
    z = norm.ppf((1 + confidence) / 2)
    ends = []
    for successes, trials in (first, second):
        rate = successes / trials
        ends.append((rate, *sorted(np.roots([1 + z**2 / trials, -(2 * rate + z**2 / trials), rate**2]).real)))
    (a, low_a, high_a), (b, low_b, high_b) = ends
    return a - b - np.hypot(a - low_a, high_b - b), a - b + np.hypot(high_a - a, b - low_b)


def test_a_planted_slice_of_30_at_half_is_found_among_40() -> None:
    wrong = GENERATOR.random(400) < 0.08
    planted = np.zeros(400, int)
    planted[:30] = 1
    wrong[:30] = np.arange(30) % 2
    others = [column(f"c{place}", GENERATOR.permutation(planted)) for place in range(39)]
    result = told(wrong, *others, column("planted", planted))
    assert (result.judged, result.columns) == (80, 40)
    (finding,) = findings(result, LIMITS)
    assert (finding.code, str(finding.subject), finding.severity.label) == (WEAK.code, "planted: 1", "note")
    rest = int((~wrong[30:]).sum())
    low, high = newcombe((rest, 370), (15, 30), 1 - 2 * 0.05 / 40)
    assert finding.evidence == {
        "accuracy": 0.5,
        "others": rest / 370,
        "worse_at_least": pytest.approx(low),
        "samples": 30,
        "slices": 80,
    }
    assert result.slices[0].high == pytest.approx(high)
    assert str(finding.message).startswith(f"50% of 30 samples are right, of the others {rest / 370:.0%}: at least")


def test_random_slices_are_not_named() -> None:
    named = 0
    for _ in range(10):
        wrong = GENERATOR.random(400) < 0.2
        columns = [column(f"c{place}", np.isin(np.arange(400), GENERATOR.permutation(400)[:30])) for place in range(40)]
        named += len(list(findings(told(wrong, *columns), LIMITS)))
    assert named <= 2


def test_a_slice_that_its_classes_explain_is_not_named() -> None:
    wrong = (LABELS == 3) & (np.arange(400) % 8 > 4)
    mostly = np.where((LABELS == 3) & (np.arange(400) < 300) | (np.arange(400) < 40), "x", "y")
    result = told(wrong, column("c", mostly))
    assert (result.slices[0].value, result.slices[0].explained, result.slices[0].low > 0.02) == ("x", True, True)
    assert list(findings(result, LIMITS)) == []
    unknown = replace(result.slices[0], expected=None)
    assert [one.code for one in findings(replace(result, slices=(unknown,)), LIMITS)] == [WEAK.code]


def test_each_value_and_each_quarter_of_a_number_is_a_slice() -> None:
    numbers = GENERATOR.permutation(400) / 7
    letters = np.array(["a"] * 380 + ["b"] * 12 + ["c"] * 8)
    result = told(np.zeros(400, bool), column("n", numbers), column("l", letters), column("id", np.arange(400) // 200))
    found = {(one.column, str(one.value)): one.right.trials for one in result.slices}
    assert found == {
        ("l", "a"): 380,
        ("l", "b"): 12,
        ("id", "0"): 200,
        ("id", "1"): 200,
        **{("n", f"{low:.3g} to {high:.3g}"): 100 for low, high in zip(*quarters(numbers), strict=True)},
    }
    assert result.accuracy == measure(400, 400)


def quarters(numbers: np.ndarray) -> tuple[list[float], list[float]]:
    ends = np.quantile(numbers, [0, 0.25, 0.5, 0.75, 1]).tolist()
    return ends[:-1], ends[1:]


def test_columns_without_groups_are_left_out_by_name() -> None:
    names = np.array([f"x{place}" for place in range(400)])
    same = np.array(["s"] * 400)
    result = told(np.zeros(400, bool), column("name", names), column("same", same), column("half", LABELS % 2))
    assert (result.left_out, result.columns) == (("name", "same"), 1)
    assert isinstance(run(np.zeros(400, bool), column("name", names)), Skip)


def test_the_rate_by_its_classes_is_that_of_each_class_in_the_other_samples() -> None:
    wrong = (LABELS == 3) & (np.arange(400) % 8 > 4)  # of class 3 half
    mostly = (LABELS == 3) & (np.arange(400) < 300) | (np.arange(400) < 40)
    (inside, _) = sorted(told(wrong, column("c", mostly)).slices, key=lambda one: str(one.value), reverse=True)
    rates = [(~wrong)[(each == LABELS) & ~mostly].mean() for each in range(4)]
    assert inside.expected == pytest.approx(np.mean([rates[label] for label in LABELS[mostly]]))
    everything = told(wrong, column("c", LABELS == 3))
    assert [one.expected for one in everything.slices] == [None, None]


def test_pictures_are_cut_by_brightness_contrast_and_what_is_unlike_the_border() -> None:
    images = np.full((400, 8, 8, 1), 20, np.uint8)
    images[:, 2:6, 2:6] = GENERATOR.integers(60, 200, (400, 1, 1, 1))
    images[:200, 2:4] = 20
    result = told(np.arange(400) < 100, images=images)
    assert {one.column for one in result.slices} == {"brightness", "contrast", "share unlike the border"}
    shares = [one for one in result.slices if one.column == "share unlike the border"]
    assert {str(one.value): one.right for one in shares} == {
        "0.125 to 0.188": measure(100, 200),
        "0.188 to 0.25": measure(200, 200),
    }
    bright = [one.right.trials for one in result.slices if one.column == "brightness"]
    assert sum(bright) == 400
    mean = images.mean(axis=(1, 2, 3))
    first = min(
        (one for one in result.slices if one.column == "brightness"), key=lambda one: float(str(one.value).split()[0])
    )
    inside = mean <= np.quantile(mean, 0.25)
    assert first.right == measure(int((inside & (np.arange(400) >= 100)).sum()), int(inside.sum()))


def test_image_files_that_were_resized_are_cut_by_their_own_size() -> None:
    wrong = np.arange(400) < 60
    areas = {place: 24 * 24 if place < 100 else (50 + place) * 600 for place in range(400)}
    result = told(wrong, images=np.zeros((400, 8, 8, 1), np.uint8), areas=areas)
    assert {one.column for one in result.slices} == {"image size before resizing"}
    first = next(one for one in result.slices if str(one.value).startswith("24 to "))
    assert first.right == measure(40, 100)
    assert [str(one.subject) for one in findings(result, LIMITS)] == [f"image size before resizing: {first.value}"]


@pytest.mark.parametrize(
    ("number", "written"), [(2024.0, "2024"), (12345.6, "12346"), (0.12345, "0.123"), (-3.0, "-3"), (99.96, "100")]
)
def test_numbers_are_written_without_powers_of_ten(number: float, written: str) -> None:
    assert _written(number) == written


def test_the_entries_are_those_of_the_evaluated_samples() -> None:
    wrong = np.arange(400) < 50
    entries = np.concatenate([np.full(100, "left out"), np.where(wrong, "bad", "good")])
    result = told(wrong, column("c", entries), first=100)
    assert [(one.value, one.right) for one in result.slices] == [("bad", measure(0, 50)), ("good", measure(350, 350))]


def test_one_finding_stands_for_all_slices_of_a_column() -> None:
    wrong = np.arange(400) % 10 < 4
    result = told(wrong, column("c", np.where(np.arange(400) % 10 < 2, "x", np.where(wrong, "y", "z"))))
    (finding,) = findings(result, LIMITS)
    assert str(finding.message).endswith("; 1 other value does worse too")
    assert list(findings(replace(result, slices=result.slices[2:]), LIMITS)) == []


def test_without_labels_or_scores_nothing_is_compared() -> None:
    unlabelled = Slices().run(context(evaluated_samples(FLAT, outputs=answers(LABELS > 9))))
    assert isinstance(unlabelled, Skip)
    assert unlabelled.reason.startswith("The samples have no labels")
    several = evaluated_samples(FLAT, labels=LABELS, outputs=np.zeros((400, 2, 2)))
    assert Slices().run(context(several)).reason.startswith("The output is not one score per class")
    assert Slices().run(context()) == Skip("Give --samples.")
