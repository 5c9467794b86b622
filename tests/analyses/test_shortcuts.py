"""Places that come from another sample: what they carry, and what is said of it."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from builders import LIMITS, live_context
from keras import layers

from reportgen.analyses.base import Skip
from reportgen.analyses.shortcuts import Shortcuts
from reportgen.analyses.shortcuts.results import Place, ShortcutsResult
from reportgen.analyses.shortcuts.rules import BORDER, PLACE, findings
from reportgen.measures.intervals import measure, wilson_interval
from reportgen.results.findings import Finding, Inconclusive, LayerSummary, Severity

GENERATOR = np.random.default_rng(4)
IMAGES = GENERATOR.random((60, 12, 12, 1)).astype(np.float32)
MARKED = np.arange(60) % 2
IMAGES[:, 0:2, 2:4, 0] = MARKED[:, None, None]
"""Noise; a mark of the cell in the first row and the second column tells the class."""
WEIGHTS = np.random.default_rng(5).normal(0, 1, (144, 2)).astype(np.float32)


def linear(weights: np.ndarray, bias: Any = (0, 0)) -> Any:
    """Return a softmax of a linear map of the pixels."""
    scores = layers.Dense(2, activation="softmax")
    built = keras.Sequential([keras.Input((12, 12, 1)), layers.Flatten(), scores])
    scores.set_weights([weights, np.asarray(bias, np.float32)])
    return built


@pytest.fixture(scope="module")
def marked() -> Any:
    """Return a model that looks at the mark alone."""
    weights = np.zeros((12, 12, 2), np.float32)
    weights[0:2, 2:4, 1] = 1
    return linear(weights.reshape(144, 2), (0, -2))


@pytest.fixture(scope="module")
def result(marked: Any) -> ShortcutsResult:
    return Shortcuts().run(live_context(marked, IMAGES))


def test_a_mark_carries_every_answer_and_no_other_cell_does_any(result: ShortcutsResult) -> None:
    wanted = np.zeros((6, 6))
    wanted[0, 1] = 1
    assert np.array_equal(result.carried, wanted)
    assert np.array_equal(result.kept, 1 - wanted)
    assert (result.pairs, result.available, result.least_kept) == (50, 60, 0.0)
    # squares around a cell of the first row: two
    assert result.passes == 50 * (36 + 2 * 2 + 1)
    place = result.place
    assert (place.rows, place.swapped.value, place.area, result.places) == ((0, 4), 1.0, 1 / 9, 25)
    assert place.columns in ((0, 4), (2, 6))
    assert result.border == (1, 1)
    # two of the four pixels of the mark lie within the border: the sum decides for neither, so the bias does
    assert result.of_border.value == pytest.approx(0.5, abs=0.2)


def test_the_finding_names_the_place_and_its_share_of_pairs(result: ShortcutsResult) -> None:
    (found,) = findings(result, LIMITS)
    assert (found.code, found.severity) == (PLACE.code, Severity.WARNING)
    left = result.place.columns[0]
    assert found.subject == f"rows 0 to 3, columns {left} to {left + 3}"
    low, _ = wilson_interval(50, 50, confidence=1 - 0.05 / 25)
    assert found.message == (
        f"exchanging them between two samples exchanges their answers in 100% of 50 pairs "
        f"(at least {low:.0%}, limit 15%): 11% of the picture"
    )
    assert found.evidence["swapped_at_least"] == low


def test_a_model_of_all_pixels_depends_on_every_cell_a_little_and_is_not_accused() -> None:
    result = Shortcuts().run(live_context(linear(WEIGHTS), IMAGES, effort="full"))
    own = IMAGES.reshape(60, 144) @ (WEIGHTS[:, 1] - WEIGHTS[:, 0]) > 0
    assert result.pairs == result.available == 2 * min(own.sum(), 60 - own.sum())
    # of two classes an answer that does not stay is the other sample's
    assert np.allclose(np.array(result.kept) + np.array(result.carried), 1)
    assert result.least_kept > 0.7
    assert not [one for one in findings(result, LIMITS) if isinstance(one, Finding)]
    assert result.place.variation == pytest.approx(1 / 9, abs=0.03)


def test_a_place_that_adds_an_answer_and_cannot_take_it_away_is_not_accused() -> None:
    weights = np.zeros((12, 12, 2), np.float32)
    weights[..., 1] = 1
    images = np.zeros((60, 12, 12, 1), np.float32)
    images[:, :, 0:2, 0] = images[:, :, 10:12, 0] = MARKED[:, None, None]
    # either stripe is enough: put into a sample without them it makes class 1, taken from one with both it leaves class 1
    result = Shortcuts().run(live_context(linear(weights.reshape(144, 2), (0, -3)), images))
    assert np.max(result.carried) == pytest.approx(0.5, abs=0.2)
    assert result.place.swapped.successes == 0
    assert PLACE.code not in [one.code for one in findings(result, LIMITS)]


def test_a_border_that_decides_is_found() -> None:
    weights = np.zeros((12, 12, 2), np.float32)
    weights[0, :, 1] = 1
    images = GENERATOR.random((60, 12, 12, 1)).astype(np.float32)
    images[:, 0, :, 0] = MARKED[:, None]
    found = list(findings(Shortcuts().run(live_context(linear(weights.reshape(144, 2), (0, -6)), images)), LIMITS))
    assert [one.code for one in found] == [BORDER.code]
    low, _ = wilson_interval(50, 50)
    assert found[0].message == (
        f"with all but a border of 1 pixel from another sample, 100% of 50 answers stay (at least {low:.0%}, limit 50%)"
    )
    assert found[0].action == "Crop 1 pixel at each edge or train with other backgrounds, then run the report again."


def test_classes_with_ten_pairs_have_maps_and_redaction_keeps_their_numbers(result: ShortcutsResult) -> None:
    assert [one.name for one in result.classes] == ["class 0", "class 1"]
    assert sum(one.pairs for one in result.classes) == 50
    assert result.maps is not None
    assert result.maps.images.shape == (3, 6, 6)
    assert np.array_equal(result.maps.images[0], np.array(result.kept, np.float32))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"effort": "quick"}, "The budget of effort “quick” does not pay for it; --effort standard does."),
        ({"targets": MARKED / 3}, "The output is not one score per class, so no answer can be compared."),
        ({"images": None}, "Give --samples."),
        (
            {"images": IMAGES[MARKED == 1]},
            "Too few samples are answered differently, so no place can be exchanged between answers.",
        ),
    ],
)
def test_what_cannot_be_measured_is_skipped_with_the_reason(marked: Any, given: dict[str, Any], reason: str) -> None:
    given = {"images": IMAGES, **given}
    assert Shortcuts().run(live_context(marked, given.pop("images"), **given)) == Skip(reason)


def test_the_budget_cuts_pairs_and_then_all(marked: Any) -> None:
    def run(cost: int) -> Any:
        layer = LayerSummary("conv", "Conv2D", None, 10, True, multiply_adds=cost)
        return Shortcuts().run(live_context(marked, IMAGES, layers=(layer,)))

    assert run(40_000_000).pairs == 33
    assert run(50_000_000) == Skip("The budget of effort “standard” does not pay for it; --effort full does.")


def carrying(successes: int, *, variation: float = 0.1, available: int = 50) -> list[Finding | Inconclusive]:
    place = Place((0, 4), (0, 4), 1 / 9, variation, measure(successes, 50))
    cells = ((0.5,),)
    border = measure(10, 50)
    made = ShortcutsResult(50, available, 6, cells, cells, place, 25, (1, 1), border, (), 0, None)
    return list(findings(made, LIMITS))


def test_a_place_where_the_samples_differ_is_the_objects_own() -> None:
    assert carrying(50, variation=0.5) == []
    assert [one.code for one in carrying(50, variation=0.49)] == [PLACE.code]


def test_a_share_over_the_limit_that_may_be_chance_is_inconclusive() -> None:
    assert carrying(5) == []
    (open_,) = carrying(12)
    assert isinstance(open_, Inconclusive)
    assert open_.samples_needed is not None
    (more,) = carrying(12, available=200)
    assert (more.samples_needed, more.remedy) == (None, "--effort full compares all pairs")


def test_more_pairs_decide_on_a_place_that_the_first_ones_leave_open() -> None:
    """The mark decides unless one of four other cells does, as in half of the samples: both of a pair follow it in a quarter."""
    generator = np.random.default_rng(9)
    images = np.zeros((300, 12, 12, 1), np.float32)
    marks, others = generator.choice([-1, 1], (2, 300))
    images[:, 0, 2, 0] = marks
    images[np.arange(300), generator.choice([4, 10], 300), generator.choice([0, 6], 300), 0] = np.where(
        generator.random(300) < 0.5, 3 * others, 0
    )
    weights = np.zeros((144, 2), np.float32)
    weights[:, 1] = 1
    result = Shortcuts().run(live_context(linear(weights), images))
    assert (result.pairs, result.place.swapped.trials) == (50, 250)
    assert result.passes == 50 * (36 + 2 * 2 + 1) + 2 * 200
    found = next(iter(findings(result, LIMITS)))
    assert isinstance(found, Finding)
    low, _ = wilson_interval(result.place.swapped.successes, 250, confidence=1 - 0.05 / 50)
    assert found.evidence["swapped_at_least"] == low > 0.15
    assert "of 250 pairs" in found.message


def test_independent_scores_are_compared_as_sets(marked: Any) -> None:
    scores = layers.Dense(2, activation="sigmoid")
    model = keras.Sequential([keras.Input((12, 12, 1)), layers.Flatten(), scores])
    weights = np.zeros((12, 12, 2), np.float32)
    weights[0:2, 2:4] = 1
    scores.set_weights([weights.reshape(144, 2), np.array([-2, -3], np.float32)])
    result = Shortcuts().run(live_context(model, IMAGES))
    assert (result.place.swapped.value, result.classes) == (1.0, ())
    assert replace(result, classes=()) == result
