"""The options of the command line, put together from dataclasses: their fields become what Typer reads."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin

import typer

from reportgen.options import MODEL, PAGE, PICTURES, SAMPLES, Option, flag_of, from_given, options_of

GATES, OUTPUT = "Rules and gates", "Output"
_PANELS = (MODEL, SAMPLES, PICTURES, PAGE, GATES, OUTPUT)

SampleSources = Annotated[
    list[str] | None,
    typer.Option(
        help="Samples to run: FILE.npz or FILE.h5 (or one array of it, FILE.npz:ARRAY), FILE.npy, FILE.csv of pixels, an image, "
        "a folder of images (or a folder for each class) or a zip file of it, an IDX file, a CIFAR batch, or fashion_mnist, "
        "mnist, cifar10, cifar100. Repeated: one after the other, or for each input of the model as NAME=SOURCE.",
        metavar="SOURCE",
        rich_help_panel=SAMPLES,
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        help="Labels of the samples: .npy, .npz, .txt, .csv (labels, or file names and labels), IDX, or a folder of masks "
        "named as the images; none leaves out those found with the samples, as of class folders.",
        metavar="FILE",
        rich_help_panel=SAMPLES,
    ),
]
ClassNames = Annotated[
    str | None,
    typer.Option(
        help="Names of the classes in the model's order: a text, JSON, CSV or .npy file, or names with commas between "
        "them. Class folders are found among them by name.",
        metavar="FILE|NAMES",
        rich_help_panel=SAMPLES,
    ),
]
History = Annotated[
    str | None,
    typer.Option(
        help="Losses and metrics of the training by epoch, for its learning curves: of CSVLogger, or History.history as JSON.",
        metavar="FILE",
        rich_help_panel=MODEL,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        help="Thresholds and severities of rules, as TOML: \\[rules], or \\[tool.reportgen.rules] of a project file. "
        "Default: pyproject.toml in the working folder.",
        metavar="FILE",
        rich_help_panel=GATES,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def takes(
    argument: str, kind: type, *only: str, **defaults: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator: the command takes a dataclass' fields as options, and is given them as one object.

    Typer reads a command's options off its signature, which is therefore put together here, in the order of --help's panels.

    Args:
        argument: the command's argument that is given the object.
        kind: a dataclass, each field of which is an `option`.
        only: names of the fields to take; all without any.
        defaults: defaults that are this command's own, by field.
    """
    options = {name: one for name, one in options_of(kind).items() if not only or name in only}
    own_defaults = {one.name: one.default for one in fields(kind)} | defaults
    taken = [_parameter(name, one, own_defaults[name]) for name, one in options.items()]

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True)

        @functools.wraps(command)
        def run(**given: Any) -> None:
            values = {name: _value(one, given.pop(name), own_defaults[name]) for name, one in options.items()}
            command(**given, **{argument: from_given(kind, values)})

        kept = [parameter for name, parameter in own.parameters.items() if name != argument]
        parameters = sorted([*kept, *taken], key=_place)
        run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorated


def given_on(context: typer.Context, kind: type) -> set[str]:
    """Return the names of a dataclass' options that stand on the command line."""
    sources = {name: context.get_parameter_source(name) for name in options_of(kind)}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}


def _parameter(name: str, option: Option, default: Any) -> inspect.Parameter:
    """Return an option as a parameter that Typer understands; a text for each of several names is a list of texts."""
    several = get_origin(option.type) is tuple
    kind = list[str] | None if several else Literal[option.choices] if option.choices else option.type
    flags = option.flags or ((flag_of(name),) if option.type is bool else ())  # a flag has no --no-flag
    told = typer.Option(*flags, help=option.help, metavar=option.metavar, rich_help_panel=option.panel)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None if several else inspect.Parameter.empty if default is MISSING else default,
        annotation=Annotated[kind, told],
    )


def _value(option: Option, given: Any, default: Any) -> Any:
    """Return what was given as the option is given from Python."""
    if get_origin(option.type) is not tuple:
        return given
    return (",".join(given) if option.commas and given else given) or default


def with_lone_flags(arguments: Sequence[str], kind: type) -> list[str]:
    """Return a command line's words with the value of each option that stands alone and may: '--resize' is '--resize stretch'.

    Typer knows flags and options with a value, and nothing between the two.

    Args:
        arguments: the words, without the program's name.
        kind: a dataclass, each field of which is an `option`.
    """
    options = {flag_of(name): one for name, one in options_of(kind).items() if one.alone}
    words: list[str] = []
    for word, following in zip(arguments, (*arguments[1:], ""), strict=False):
        words.append(word)
        if word in options and following not in options[word].choices:
            words.append(options[word].alone)
    return words


def _place(parameter: inspect.Parameter) -> tuple[bool, int]:
    """Return where a parameter stands: positional ones first, then by panel, then what has none."""
    told = getattr(parameter.annotation, "__metadata__", (None,))[0]
    panel = getattr(told, "rich_help_panel", None)
    return parameter.kind is parameter.KEYWORD_ONLY, _PANELS.index(panel) if panel in _PANELS else len(_PANELS)
