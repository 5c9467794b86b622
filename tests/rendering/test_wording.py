import math

import pytest

from reportgen.rendering import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.870411, "0.870"),
        (-0.00716, "−0.00716"),
        (0.00004, "4.00e−05"),
        (999.96, "1,000"),
        (12345.6, "12,346"),
        (123456.0, "1.23e+05"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_have_three_significant_digits(value, text):
    assert wording.number(value) == text


def test_digits_can_be_chosen():
    assert wording.number(0.99871, 4) == "0.9987"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.0%"), (0.0004, "<0.1%"), (0.4, "40.0%"), (0.99999, ">99.9%"), (1, "100.0%"), (None, "–"), (math.nan, "–")],
)
def test_shares_are_never_rounded_to_none_or_all(value, text):
    assert wording.percent(value) == text


def test_whole_numbers_have_thousands_separated():
    assert (wording.integer(333526), wording.integer(-1000), wording.integer(None)) == ("333,526", "−1,000", "–")


def test_shapes_are_written_with_multiplication_signs_and_free_sizes_as_question_marks():
    assert wording.sizes((28, None, 1)) == "28 × ? × 1"
    assert (wording.sizes(None), wording.sizes(())) == ("–", "1")


def test_file_sizes_have_decimal_units():
    shown = [wording.file_size(size) for size in (12, 1234, 1_365_363, 2_500_000_000)]
    assert shown == ["12 bytes", "1.23 kB", "1.37 MB", "2.5 GB"]


def test_names_are_one_line_of_at_most_80_characters():
    assert wording.name("a\nb\tc") == "a\\nb\\tc"
    assert wording.name("  ") == "(no name)"
    assert wording.name("a" * 150 + "b" * 150) == "a" * 49 + "…" + "b" * 30
