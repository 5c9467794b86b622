"""What a user can ask for: each option once, for the command line, the Python interface and the analyses."""

from __future__ import annotations

import importlib.util
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from reportgen.errors import UsageError
from reportgen.messages import LANGUAGES, listed
from reportgen.untrusted.limits import HALF_OF_MEMORY

MODEL, SAMPLES, PICTURES, PAGE = "Model", "Samples", "Weights and pictures", "Page"
"""Headings in --help that the options of a report stand under."""

EFFORTS = ("quick", "standard", "full")

ATTRIBUTIONS = ("hirescam", "gradcam", "layercam", "integrated-gradients")

_MOST_BYTES = 2.0**62  # no machine has more, and larger floats are infinite in bytes

Check = Callable[[str, Any], None]
"""Raises UsageError for a value that cannot be used; it is told the option, such as '--bins', and the value."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Option:
    """What an option means, apart from its name and default, which are the field's.

    Attributes:
        help: what the option does, as --help says it.
        panel: the heading in --help that it stands under.
        metavar: what stands for its value in --help; None for the name of the value's type.
        flags: how the command line writes it; empty for the field's name with two dashes.
        choices: the accepted values; empty where they cannot be listed.
        check: raises UsageError for a value that cannot be used; None where every value of the type can be.
        read: makes the value of what was given; None takes it as it is.
        commas: whether one text may hold several names, with commas between them.
        alone: the value that the flag has when none follows it; '' where one must.
        text: what a text given for it may tell: 'private' is whatever the user writes, 'path' names a file, of which the report
            records the base name, and 'public' is a word of a list, a number or the name of a layer. With --redact only what is
            public stays.
        type: the field's type.
    """

    help: str
    panel: str
    metavar: str | None = None
    flags: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    check: Check | None = None
    read: Callable[[Any], Any] | None = None
    commas: bool = False
    alone: str = ""
    text: Literal["private", "path", "public"] = "private"
    type: Any = None

    @property
    def is_public(self) -> bool:
        """Whether its value tells nothing of the user, so that a redacted report may show it; no text does unless it says so."""
        kinds = {part for kind in (self.type, *get_args(self.type)) for part in (kind, *get_args(kind))}
        return self.text == "public" or bool(self.choices) or not kinds & {str, Any, object}


def option(default: Any, help: str, panel: str, **more: Any) -> Any:
    """Return a dataclass field that is an option.

    Args:
        default: the field's default; `dataclasses.MISSING` for none.
        help, panel, more: see `Option`.
    """
    return field(default=default, metadata={"option": Option(help=help, panel=panel, **more)})


@cache
def options_of(kind: type) -> Mapping[str, Option]:
    """Return the options that a dataclass' fields are, by name, in order; a `Literal` type lists their choices."""
    types = get_type_hints(kind)
    found = {one.name: replace(one.metadata["option"], type=types[one.name]) for one in fields(kind)}
    literal = {name: get_args(one.type) for name, one in found.items() if get_origin(one.type) is Literal}
    return {name: replace(one, choices=literal.get(name, one.choices)) for name, one in found.items()}


def from_given(kind: type[T], given: Mapping[str, Any]) -> T:
    """Return a dataclass of options made of what was given by name, each read as its option says.

    Raises:
        TypeError: there is no option of such a name.
    """
    options = options_of(kind)  # type: ignore[arg-type]  # mypy takes a type of a variable kind for unhashable
    for name in given.keys() - options.keys():
        near = get_close_matches(name, options, 1)
        raise TypeError(f"there is no option {name!r}. {f'Did you mean {near[0]!r}?' if near else ''}".rstrip())
    return kind(**{name: _read(options[name], value) for name, value in given.items()})


def option_value(name: str, value: Any) -> Any:
    """Return an option of a report made of what was given for it."""
    return _read(options_of(ReportOptions)[name], value)


def _read(asked: Option, value: Any) -> Any:
    if asked.read is not None:
        return asked.read(value)
    if get_origin(asked.type) is not tuple:
        return value
    return names_with_commas(value) if asked.commas and isinstance(value, str) else names_of(value)


def names_of(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return names that may have been given as one; none for None."""
    if names is None:
        return ()
    return (names,) if isinstance(names, str) else tuple(map(str, names))


def names_with_commas(names: str) -> tuple[str, ...]:
    """Return the names of a text, which has commas between them.

    Example:
        >>> names_with_commas("conv1, conv2,")
        ('conv1', 'conv2')
    """
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _whole_number(low: int, high: int) -> Check:
    def check(flag: str, value: Any) -> None:
        if not (isinstance(value, numbers.Integral) and low <= int(value) <= high):
            raise UsageError(f"{flag} must be a whole number from {low} to {high}. Received: {value!r}.")

    return check


def _whole_number_or_none(low: int, high: int) -> Check:
    check = _whole_number(low, high)
    return lambda flag, value: None if value is None else check(flag, value)


def _above_zero(unit: str = "") -> Check:
    def check(flag: str, value: Any) -> None:
        if value is not None and not (isinstance(value, numbers.Real) and math.isfinite(value) and float(value) > 0):
            raise UsageError(f"{flag} must be a finite number{unit} above 0. Received: {value!r}.")

    return check


def _one_of(flag: str, value: Any, accepted: tuple[str, ...], *, or_alone: str = "") -> None:
    if value not in accepted:
        names = ", ".join(accepted) + (f", or {or_alone} alone" if or_alone else "")
        raise UsageError(f"{flag} must be one of {names}. Received: {value!r}.")


def _methods_or_none(flag: str, value: tuple[str, ...]) -> None:
    for method in value if value != ("none",) else ():
        _one_of(flag, method, ATTRIBUTIONS, or_alone="none")


def _effort_or_none(flag: str, value: str | None) -> None:
    if value is not None:
        _one_of(flag, value, EFFORTS)


def _path_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def _named_activations(flag: str, value: tuple[str, ...]) -> None:
    for one in value:
        if not all(one.rpartition("=")):
            raise UsageError(f"{flag} must be NAME=ACTIVATION, such as '<lambda>=relu'. Received: {one!r}.")


def _layout(flag: str, value: str) -> None:
    if value == "tsne" and importlib.util.find_spec("sklearn") is None:
        raise UsageError(
            f"{flag} tsne needs scikit-learn. Received: none. Install it: pip install 'cnn-reportgen[embedding]'."
        )


def _selection(flag: str, value: str | None) -> None:
    # What reads samples is loaded for a report alone, so that --help and --version answer at once
    from reportgen.samples import check_selection

    del flag
    check_selection(value)


def _selection_text(value: Any) -> str | None:
    from reportgen.samples import selection_text

    return selection_text(value)


def _claims(flag: str, value: tuple[str, ...]) -> None:
    from reportgen.measures.claims import parse_claim

    del flag
    for text in value:
        parse_claim(text)


def _claims_of(value: Any) -> tuple[str, ...]:
    from reportgen.measures.claims import claims_of

    return claims_of(value)


def _resize(value: Any) -> Any:
    """Return what is done with images of another size; True and False are the two answers to whether they are resized."""
    return {True: "stretch", False: "none"}[value] if isinstance(value, bool) else value


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Everything that changes a report, apart from the model and the samples.

    An option is one field: its name, type, default, meaning and check. The command line, `build_report` and the analyses have
    it from here, and the page lists all in this order.
    """

    select: str | None = option(
        None,
        "Which samples to show: 0,5,7, first:N, per-class:N, random:N, hardest:N or easiest:N. "
        "Default: per-class:1 with labels, first:8 without.",
        SAMPLES,
        metavar="RULE",
        check=_selection,
        read=_selection_text,
        text="public",
    )
    layers: tuple[str, ...] = option(
        (),
        "Layers to show, as names or patterns, with commas or repeated. Default: up to six convolutions, first to last.",
        PICTURES,
        metavar="NAMES",
        commas=True,
        text="public",
    )
    title: str | None = option(None, "Title of the page. Default: the model's name, or the file's.", PAGE)
    note: str = option("", "What the reviewer should know, shown on the page.", PAGE)
    lang: str = option("en", "Language of the page; the JSON and the terminal stay English.", PAGE, choices=LANGUAGES)
    redact: bool = option(
        False, "Remove what shows the samples or their origin: pictures, labels, names, title and note.", PAGE
    )
    seed: int = option(0, "Seed of every random draw.", PICTURES, metavar="N", check=_whole_number(0, 2**63 - 1))
    scale: Literal["auto", "none", "unit", "symmetric"] = option(
        "auto",
        "How to scale inputs: auto divides unsigned bytes by 255 unless the model rescales by itself; "
        "none leaves them; unit divides by 255; symmetric brings 0..255 to -1..1.",
        SAMPLES,
    )
    bins: int = option(60, "Bins of the weight histograms.", PICTURES, metavar="N", check=_whole_number(1, 1000))
    kernel_range: float | None = option(
        None,
        "End of the kernels' colour scale. Default: from each layer's weights.",
        PICTURES,
        metavar="X",
        check=_above_zero(),
    )
    map_scale: Literal["layer", "map"] = option(
        "layer",
        "Colour scale of feature maps shown first: one per layer, or one per map. The page has both.",
        PICTURES,
    )
    sample_map: Literal["pca", "tsne"] = option(
        "pca",
        "Layout of the map of the samples: pca, principal components; tsne, neighbourhoods (needs scikit-learn).",
        PICTURES,
        check=_layout,
    )
    max_tiles: int = option(
        64,
        "Largest number of kernels or maps in a grid; beyond it the strongest are shown.",
        PICTURES,
        metavar="N",
        check=_whole_number(1, 1024),
    )
    attribution: tuple[str, ...] = option(
        ("hirescam",),
        f"Attribution methods, with commas: hirescam (the default), {', '.join(ATTRIBUTIONS[1:])}; or none.",
        PICTURES,
        metavar="METHODS",
        check=_methods_or_none,
        commas=True,
        text="public",
    )
    maximise: bool = option(False, "Synthesise inputs that maximise the shown layers' channels (slow).", PICTURES)
    effort: str | None = option(
        None,
        "Budget for testing attribution maps and synthesising inputs: quick, 5 billion multiply-adds; standard, 60 billion; "
        "full, no limit. What is not reached is marked as not tested. Default: standard.",
        PICTURES,
        metavar="EFFORT",
        check=_effort_or_none,
        text="public",
    )
    max_evaluated: int = option(
        1000,
        "Maximum number of samples to run; the chosen ones are always among them.",
        SAMPLES,
        metavar="N",
        check=_whole_number(1, 2**31),
    )
    redraws: int = option(
        20,
        "Fresh initialisations to compare each kernel with; up to 200 for one close to them.",
        PICTURES,
        metavar="N",
        check=_whole_number(5, 1000),
    )
    expect: tuple[str, ...] = option(
        (),
        "Claim to check on the samples, such as accuracy=0.917, recall:shirt=0.7, precision:shirt=0.7, f1:shirt=0.7 "
        "or top5=0.99; of masks iou=0.8, iou:cat=0.7 or dice=0.9; of numbers mae=0.5, rmse=0.7 or r2=0.9, of one of several "
        "outputs mae:2=0.5; of images psnr=30 or ssim=0.9 too. What is certainly worse is a problem. May be repeated.",
        SAMPLES,
        metavar="CLAIM",
        check=_claims,
        read=_claims_of,
        text="public",
    )
    resize: Literal["auto", "none", "stretch", "crop", "pad"] = option(
        "auto",
        "Images of another size than the model's input: auto stretches image files and refuses arrays; stretch, crop and pad "
        "are for both; none refuses both. Bilinear, as Keras does; alone it is stretch.",
        SAMPLES,
        read=_resize,
        alone="stretch",
    )
    ignore_label: int | None = option(
        None,
        "Value of the pixels of masks that have no class; no measure counts them. Default: 255 where no class has that number.",
        SAMPLES,
        metavar="N",
        check=_whole_number_or_none(-(2**31), 2**31 - 1),
    )
    train_samples: str | None = option(
        None,
        "Training samples with their labels, as for --samples: finds test samples among them and compares the accuracy.",
        SAMPLES,
        metavar="SOURCE",
        read=_path_or_none,
        text="path",
    )
    outside: str | None = option(
        None,
        "Samples that are none of what the model was made for, as for --samples: tells how sure it is of them.",
        SAMPLES,
        metavar="SOURCE",
        read=_path_or_none,
        text="path",
    )
    slices: str | None = option(
        None,
        "CSV file with a heading and a line for each sample, any columns: compares the accuracy of the samples with each value, "
        "or in each quarter of a number. Where the first column names the files, lines may be in any order.",
        SAMPLES,
        metavar="FILE",
        read=_path_or_none,
        text="path",
    )
    skip_bad: bool = option(False, "Skip image files that cannot be read.", SAMPLES)
    allow_custom_code: bool = option(
        False,
        "Run functions embedded in the model file, such as Lambda layers. Only if you trust the file.",
        MODEL,
    )
    custom_objects: tuple[str, ...] = option(
        (),
        "Module or .py file whose layers and functions the model may use; it is imported. May be repeated.",
        MODEL,
        metavar="MODULE",
        text="path",
    )
    architecture: str | None = option(
        None,
        "Architecture of a file of weights alone: JSON as model.to_json() writes it, or another model file.",
        MODEL,
        metavar="FILE",
        read=_path_or_none,
        text="path",
    )
    before: str | None = option(
        None,
        "Earlier model file, such as the one that fine-tuning began with: shows how far each layer has moved from it.",
        MODEL,
        metavar="FILE",
        read=_path_or_none,
        text="path",
    )
    activation: tuple[str, ...] = option(
        (),
        "Activation of Keras in place of one whose code is not in the file, as NAME=ACTIVATION: '<lambda>=relu', or "
        "'conv_1=relu' for a single layer. May be repeated.",
        MODEL,
        metavar="NAME=ACTIVATION",
        check=_named_activations,
        text="public",
    )
    memory_limit: float | None = option(
        None,
        "Gigabytes that the model, or an array of samples, may take. Default: half of the machine's memory.",
        MODEL,
        metavar="GB",
        check=_above_zero(" of gigabytes"),
    )

    def check(self) -> None:
        """Raise UsageError for the first value that cannot be used."""
        for name, asked in options_of(ReportOptions).items():
            if asked.choices:
                _one_of(flag_of(name), getattr(self, name), asked.choices)
            if asked.check is not None:
                asked.check(flag_of(name), getattr(self, name))

    def check_without_samples(self, others: Mapping[str, Any]) -> None:
        """Raise UsageError for what was asked of samples where none were given: without them many rules find nothing.

        Args:
            others: what was given beside these options, by option name; None for what was not.
        """
        named = [flag_of(name) for name, value in others.items() if value is not None]
        for name, asked in options_of(ReportOptions).items():
            if asked.panel == SAMPLES and getattr(self, name) != getattr(DEFAULTS, name):
                named.append(flag_of(name))
        if named:
            raise UsageError(
                f"--samples must be given with {listed(named)}. Received: no samples. Give --samples SOURCE, or leave "
                f"{'it' if len(named) == 1 else 'them'} out."
            )

    @property
    def memory_limit_bytes(self) -> int:
        """The memory limit in bytes."""
        return HALF_OF_MEMORY if self.memory_limit is None else int(min(self.memory_limit * 1e9, _MOST_BYTES))

    @property
    def attribution_methods(self) -> tuple[str, ...]:
        """The attribution methods, each once; empty for 'none'."""
        return tuple(dict.fromkeys(method for method in self.attribution if method != "none"))


DEFAULTS = ReportOptions()

COMPARED = (
    *("select", "layers", "title", "note", "lang", "redact", "seed", "scale", "bins", "max_evaluated", "redraws"),
    *("resize", "skip_bad", "allow_custom_code", "custom_objects", "activation", "memory_limit"),
)
"""Names of the options that a comparison of two models has."""


def flag_of(name: str) -> str:
    """Return an option's name as the command line writes it: '--max-tiles' for 'max_tiles'."""
    return f"--{name.replace('_', '-')}"
