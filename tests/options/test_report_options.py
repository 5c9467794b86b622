"""What a user can ask for, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.messages import LANGUAGES
from reportgen.options import DEFAULTS, ReportOptions, from_given, names_of, options_of


def test_defaults_are_accepted() -> None:
    DEFAULTS.check()
    assert (DEFAULTS.seed, DEFAULTS.bins, DEFAULTS.kernel_range, DEFAULTS.map_scale) == (0, 60, None, "layer")
    assert DEFAULTS.attribution_methods == ("hirescam",)


def test_attribution_methods_are_each_taken_once_and_none_is_no_method() -> None:
    assert ReportOptions(attribution=("gradcam", "hirescam", "gradcam")).attribution_methods == ("gradcam", "hirescam")
    assert ReportOptions(attribution=("none",)).attribution_methods == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lang": "xx"}, f"--lang must be one of {', '.join(LANGUAGES)}. Received: 'xx'."),
        ({"memory_limit": 0}, "--memory-limit must be a finite number of gigabytes above 0. Received: 0."),
        (
            {"attribution": ("none", "gradcam")},
            "--attribution must be one of hirescam, gradcam, layercam, "
            "integrated-gradients, or none alone. Received: 'none'.",
        ),
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


def test_options_are_read_as_either_interface_gives_them() -> None:
    given = {"layers": "conv1, conv2", "attribution": ["gradcam"], "custom_objects": "a,b.py", "select": [2, 0]}
    options = from_given(ReportOptions, given)
    assert (options.layers, options.attribution, options.custom_objects, options.select) == (
        ("conv1", "conv2"),
        ("gradcam",),
        ("a,b.py",),
        "2,0",
    )


def test_a_wrong_name_is_told_with_the_nearest_right_one() -> None:
    with pytest.raises(TypeError, match=r"there is no option 'bin'\. Did you mean 'bins'\?"):
        from_given(ReportOptions, {"bin": 3})
    with pytest.raises(TypeError, match=r"there is no option 'xyzzy'\.$"):
        from_given(ReportOptions, {"xyzzy": 3})


def test_every_option_says_what_it_does_in_a_sentence() -> None:
    for name, option in options_of(ReportOptions).items():
        assert option.help.endswith("."), name
        assert option.panel, name


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
