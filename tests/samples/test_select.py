from typing import Any

import numpy as np
import pytest

from reportgen.errors import SamplesError, UsageError
from reportgen.samples.labels import ClassLabels
from reportgen.samples.select import Selection, check_selection, parse_selection, select_samples, selection_text

LABELS = np.array([1, 0, 1, 0, 2])
LOSSES = np.array([0.5, 2.0, np.nan, 2.0, 0.1])


def chosen(
    text: str | None,
    *,
    count: int = 5,
    labels: np.ndarray | None = LABELS,
    losses: np.ndarray | None = LOSSES,
    seed: int = 0,
) -> tuple[int, ...]:
    selection = parse_selection(text, labelled=labels is not None)
    return select_samples(
        selection, count=count, labels=None if labels is None else ClassLabels(labels), losses=losses, seed=seed
    )


def test_the_default_is_one_of_each_class_with_labels_and_the_first_eight_without() -> None:
    assert parse_selection(None, labelled=True) == Selection("per-class", 1, text="per-class:1", strict=False)
    assert parse_selection(None, labelled=False) == Selection("first", 8, text="first:8", strict=False)


def test_indices_are_kept_in_their_order_and_each_once() -> None:
    assert parse_selection(" 4, 0,4 ", labelled=False) == Selection("indices", 2, (4, 0), "4, 0,4")
    assert chosen("4,0,4") == (4, 0)


@pytest.mark.parametrize("kind", ["first", "per-class", "random", "hardest", "easiest"])
def test_every_rule_is_parsed(kind: str) -> None:
    selection = parse_selection(f"{kind}:3", labelled=False)

    assert (selection.kind, selection.count, selection.text, selection.strict) == (kind, 3, f"{kind}:3", True)
    assert selection.needs_losses == (kind in ("hardest", "easiest"))
    assert selection.needs_labels == (kind in ("hardest", "easiest", "per-class"))


@pytest.mark.parametrize(
    "text", ["", "first", "first:", "first:0", "first:-1", "-1", "1,", "0-5", "last:3", "1;2", "٣"]
)
def test_bad_syntax_is_a_usage_error_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(UsageError, match=r"--select must be one of: 0,5,7  first:N  per-class:N  random:N") as caught:
        check_selection(text)

    assert f"Received: {text!r}." in str(caught.value)


def test_a_number_of_thousands_of_digits_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        check_selection("9" * 5000)


def test_good_syntax_needs_no_samples() -> None:
    check_selection("per-class:2")
    check_selection(None)


def test_first_takes_the_first() -> None:
    assert chosen("first:3") == (0, 1, 2)


def test_per_class_takes_the_first_of_each_class_in_the_order_of_classes() -> None:
    assert chosen(None) == (1, 0, 4)
    assert chosen("per-class:1") == (1, 0, 4)
    assert chosen("per-class:2", labels=np.array([1, 0, 1, 0, 1])) == (1, 3, 0, 2)


def test_random_is_ascending_without_repeats_and_the_same_for_a_seed() -> None:
    first = chosen("random:8", count=100, seed=7)

    assert first == chosen("random:8", count=100, seed=7)
    assert first != chosen("random:8", count=100, seed=8)
    assert list(first) == sorted(set(first))
    assert len(first) == 8


def test_hardest_is_by_falling_loss_with_ties_by_index_and_unknown_ones_last() -> None:
    assert chosen("hardest:5") == (1, 3, 0, 4, 2)
    assert chosen("hardest:2") == (1, 3)


def test_easiest_is_by_rising_loss_with_ties_by_index_and_unknown_ones_last() -> None:
    assert chosen("easiest:5") == (4, 0, 1, 3, 2)
    assert chosen("easiest:5", losses=np.array([np.inf, 1, np.nan, 0, 2])) == (3, 1, 4, 0, 2)


def test_an_index_out_of_range_is_named_with_the_valid_range() -> None:
    with pytest.raises(SamplesError, match=r"index 5 is out of range. Received: 5 samples. Valid are 0 to 4."):
        chosen("0,5")


@pytest.mark.parametrize("kind", ["first", "random", "hardest", "easiest"])
def test_too_few_samples_are_an_error_when_asked_for(kind: str) -> None:
    with pytest.raises(SamplesError, match=rf"asks for more samples than there are. Received: 5 samples. Use {kind}:5"):
        chosen(f"{kind}:6")


def test_too_few_samples_of_a_class_are_an_error_when_asked_for() -> None:
    with pytest.raises(SamplesError, match=r"Received: 1 of class 2. Use per-class:1 or fewer."):
        chosen("per-class:2")


def test_the_default_works_with_fewer_samples() -> None:
    assert chosen(None, count=3, labels=None) == (0, 1, 2)


@pytest.mark.parametrize("text", ["hardest:1", "easiest:1", "per-class:1"])
def test_rules_that_need_labels_say_how_to_give_them(text: str) -> None:
    with pytest.raises(SamplesError, match=rf"--select {text} needs labels.*Give them with --labels"):
        chosen(text, labels=None)


@pytest.mark.parametrize("losses", [None, np.zeros(4)])
def test_missing_losses_are_a_mistake_of_the_caller(losses: np.ndarray | None) -> None:
    with pytest.raises(ValueError, match=r"losses must have shape \(5,\)"):
        chosen("hardest:1", losses=losses)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([0, 5, 7], "0,5,7"),
        ((3,), "3"),
        (range(2), "0,1"),
        (np.array([4, 2]), "4,2"),
        ("first:3", "first:3"),
        (None, None),
    ],
)
def test_a_sequence_of_indices_is_written_as_on_the_command_line(given: Any, text: str | None) -> None:
    assert selection_text(given) == text


@pytest.mark.parametrize("given", [[], [0.5], [True], ["0"], 3, {"first": 3}])
def test_what_is_no_selection_is_refused_in_one_line(given: Any) -> None:
    with pytest.raises(
        UsageError, match=r"--select must be one of: .*from Python also a sequence of indices. Received: "
    ):
        selection_text(given)
