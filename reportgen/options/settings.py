"""Where an option's value comes from: whoever asks for the report, the environment, a configuration file, or the default."""

from __future__ import annotations

import os
import types
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from reportgen.errors import UsageError
from reportgen.options.report_options import (
    DEFAULTS,
    ReportOptions,
    flag_of,
    names_with_commas,
    option_value,
    options_of,
)
from reportgen.results import severity_named
from reportgen.untrusted.escaping import shown

PREFIX = "REPORTGEN_"
FAIL_ON = "fail_on"
REGRESSION = "regression"
"""The gate of comparisons."""

RUN_CODE = ("allow_custom_code", "custom_objects")
"""Options that no file may set: whoever puts a file into the working folder must not make code run."""

OF_THE_VERIFIER = (*RUN_CODE, "architecture", "before", "train_samples", "outside", "slices", "memory_limit")
"""Options that a page must not decide: they run code, open files or lift a limit on the machine that verifies it."""

_OTHERS = ("DEBUG", "REQUIRE_BROWSER")  # what else is read of the environment
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


@dataclass(frozen=True)
class Settled:
    """The options of a report, and who set what.

    Attributes:
        options: the options.
        set_by: by the name of an option, the file or the variable that set it; without those given and those at their defaults.
    """

    options: ReportOptions
    set_by: Mapping[str, str]


def settled(
    options: ReportOptions, *, given: Collection[str] | None, configured: Mapping[str, Any], file: str
) -> Settled:
    """Return the options with those that were not given from the environment, then from the configuration.

    Args:
        options: as given.
        given: names of those that were given; None for those that are not at their defaults.
        configured: options of the configuration, by name, each as `configured_option` returns it.
        file: what the configuration is called.

    Raises:
        UsageError: a variable of the environment has a value that cannot be used, or nearly the name of an option.
    """
    names = tuple(options_of(ReportOptions))
    if given is None:
        given = [name for name in names if getattr(options, name) != getattr(DEFAULTS, name)]
    surroundings = of_environment(names)
    values: dict[str, Any] = {}
    set_by: dict[str, str] = {}
    for name in names:
        if name in given:
            continue
        if name in surroundings:
            values[name], set_by[name] = surroundings[name], variable(name)
        elif name in configured:
            values[name], set_by[name] = configured[name], file
    return Settled(replace(options, **values), set_by)


def variable(name: str) -> str:
    """Return what an option is called in the environment: 'REPORTGEN_MAX_TILES' for 'max_tiles'."""
    return f"{PREFIX}{name.upper()}"


def of_environment(names: Collection[str]) -> dict[str, Any]:
    """Return the options that the environment sets, by name, checked.

    Several values have commas between them where the command line has, elsewhere semicolons: 'accuracy=0.9;top5=0.99'.

    Raises:
        UsageError: a value cannot be used, or a variable's name is nearly that of an option.
    """
    known = {name.upper() for name in (*names, FAIL_ON)} | set(_OTHERS)
    for found in (name.removeprefix(PREFIX) for name in os.environ if name.startswith(PREFIX)):
        near = () if found in known else get_close_matches(found, known, 1, cutoff=0.8)
        if near:
            raise UsageError(
                f"{PREFIX}{shown(found)} is no variable that reportgen reads. Did you mean {PREFIX}{near[0]}?"
            )
    return {name: _from_text(name, os.environ[variable(name)]) for name in names if variable(name) in os.environ}


def checked_gates(given: Collection[Any], *, of: str) -> tuple[str, ...]:
    """Return what a file or a variable sets for --fail-on: a severity, which reports heed, and 'regression', for comparisons.

    Raises:
        UsageError: one is neither, or there are two of a kind.
    """
    gates = tuple(dict.fromkeys(one if one == REGRESSION else severity_named(one, of=of).label for one in given))
    if len(set(gates) - {REGRESSION}) > 1:
        raise UsageError(f"{of} must be one severity, and regression beside it. Received: {', '.join(gates)}.")
    return gates


def _from_text(name: str, text: str) -> Any:
    hint = get_type_hints(ReportOptions)[name]
    kinds = _kinds(hint)
    value: Any = text
    try:
        if get_origin(hint) is tuple:
            separated = names_with_commas(text) if options_of(ReportOptions)[name].commas else text.split(";")
            value = [one.strip() for one in separated if one.strip()]
        elif bool in kinds:
            value = True if text.lower() in _YES else False if text.lower() in _NO else text
        elif int in kinds:
            value = int(text)
        elif float in kinds:
            value = float(text)
    except ValueError:
        pass  # the check says what it must be
    return configured_option(name, value, origin=variable(name))


def configured_option(name: str, value: Any, *, origin: str) -> Any:
    """Return an option's value as a file or the environment gives it: of the option's type, and one that can be used.

    Args:
        name: the option.
        value: a text, a number, true or false, or a list of texts.
        origin: who sets it, for the error.

    Raises:
        UsageError: it is of another type, or cannot be used.
    """
    hint = get_type_hints(ReportOptions)[name]
    try:
        if not _is_of(value, hint):
            raise UsageError(f"{flag_of(name)} cannot be used as it is given. Received: {shown(repr(value))}.")
        read = option_value(name, float(value) if type(value) is int and float in _kinds(hint) else value)
        replace(DEFAULTS, **{name: read}).check()
    except UsageError as error:
        raise UsageError(f"{origin}: {error}") from error
    return read


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _is_of(value: Any, hint: Any) -> bool:
    if get_origin(hint) is tuple:
        return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))
    if get_origin(hint) is Literal:
        return isinstance(value, str)
    kinds = _kinds(hint)
    return any(type(value) is kind for kind in kinds) or (type(value) is int and float in kinds)
