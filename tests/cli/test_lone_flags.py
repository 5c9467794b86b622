"""Options that may stand without a value."""

import pytest

from reportgen.cli.options import with_lone_flags
from reportgen.options import ReportOptions, from_given


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["build", "m.h5", "--resize"], "stretch"),
        (["build", "--resize", "m.h5"], "stretch"),
        (["build", "m.h5", "--resize", "--output", "r.html"], "stretch"),
        (["build", "m.h5", "--resize", "crop"], "crop"),
    ],
)
def test_resize_alone_stretches(words: list[str], value: str) -> None:
    completed = with_lone_flags(words, ReportOptions)
    assert completed[completed.index("--resize") + 1] == value
    assert [word for word in completed if word != "stretch"] == words


def test_a_value_after_an_equals_sign_and_other_options_stay() -> None:
    for words in (["build", "m.h5", "--resize=pad"], ["build", "--scale", "none"], []):
        assert with_lone_flags(words, ReportOptions) == words


def test_from_python_resize_may_be_true_or_false() -> None:
    assert [from_given(ReportOptions, {"resize": one}).resize for one in (True, False, "pad")] == [
        "stretch",
        "none",
        "pad",
    ]
