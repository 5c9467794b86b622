"""What a user can ask for, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from reportgen.analyses.base import AnalysisOptions
from reportgen.errors import UsageError
from reportgen.options import DEFAULTS, ReportOptions, names_of


def test_defaults_are_accepted() -> None:
    DEFAULTS.check()
    assert DEFAULTS.for_analyses() == AnalysisOptions(
        seed=0, bins=60, kernel_range=None, map_scale="layer", max_tiles=64
    )


def test_analyses_are_given_their_options() -> None:
    options = ReportOptions(seed=3, bins=10, kernel_range=0.5, map_scale="map", max_tiles=9)
    assert options.for_analyses() == AnalysisOptions(seed=3, bins=10, kernel_range=0.5, map_scale="map", max_tiles=9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": "x"}, "--scale must be one of auto, none, unit, symmetric. Received: 'x'."),
        ({"map_scale": "all"}, "--map-scale must be one of layer, map. Received: 'all'."),
        ({"seed": -1}, "--seed must be a whole number from 0 to 9223372036854775807. Received: -1."),
        ({"bins": 0}, "--bins must be a whole number from 1 to 1000. Received: 0."),
        ({"bins": 1001}, "--bins must be a whole number from 1 to 1000. Received: 1001."),
        ({"bins": 10.5}, "--bins must be a whole number from 1 to 1000. Received: 10.5."),
        ({"max_tiles": 0}, "--max-tiles must be a whole number from 1 to 1024. Received: 0."),
        ({"max_tiles": 1025}, "--max-tiles must be a whole number from 1 to 1024. Received: 1025."),
        ({"max_evaluated": 0}, "--max-evaluated must be a whole number from 1 to 2147483648. Received: 0."),
        ({"kernel_range": 0.0}, "--kernel-range must be a finite number above 0. Received: 0.0."),
        ({"kernel_range": -1}, "--kernel-range must be a finite number above 0. Received: -1."),
        ({"kernel_range": float("nan")}, "--kernel-range must be a finite number above 0. Received: nan."),
        ({"kernel_range": float("inf")}, "--kernel-range must be a finite number above 0. Received: inf."),
        ({"kernel_range": "1"}, "--kernel-range must be a finite number above 0. Received: '1'."),
    ],
)
def test_values_that_cannot_be_used_are_refused_in_one_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        replace(DEFAULTS, **change).check()
    assert str(caught.value) == message


def test_one_name_is_a_name_and_not_its_letters() -> None:
    assert (names_of("layers.py"), names_of(["a", "b"]), names_of(None)) == (("layers.py",), ("a", "b"), ())


def test_what_is_asked_of_samples_needs_some() -> None:
    DEFAULTS.check_without_samples({"labels": None})
    with pytest.raises(UsageError) as caught:
        replace(DEFAULTS, scale="unit", max_evaluated=5).check_without_samples({"labels": "y.npy"})
    assert str(caught.value) == (
        "--samples must be given with --labels, --scale and --max-evaluated. Received: no samples. Give --samples SOURCE, "
        "or leave them out."
    )


def test_selection_is_checked_with_the_rest() -> None:
    with pytest.raises(UsageError, match="--select must be one of"):
        ReportOptions(select="some").check()


@pytest.mark.parametrize("change", [{"bins": 1}, {"bins": 1000}, {"max_tiles": 1024}, {"kernel_range": 1e-9}])
def test_values_at_the_limits_are_accepted(change: dict[str, Any]) -> None:
    replace(DEFAULTS, **change).check()
