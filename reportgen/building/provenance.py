"""Where a report comes from and how to make it again, without any path, user or host name."""

from __future__ import annotations

import os
import platform
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime, timezone
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from reportgen.errors import UsageError
from reportgen.messages import say
from reportgen.models.startup import backend
from reportgen.options import DEFAULTS, ReportOptions, options_of
from reportgen.reading import LoadedModel, WeightsOnly, weights_digest
from reportgen.results import Provenance
from reportgen.samples import split_input_name
from reportgen.untrusted.escaping import shown

_PACKAGES = ("tensorflow", "keras", "numpy", "matplotlib", "jinja2", "pillow", "h5py")
_DAY = "%Y-%m-%d"
_KERAS_OWN = re.compile(r"(sequential|functional|model)(_[0-9]+)?")


def make_provenance(
    read: LoadedModel | WeightsOnly,
    options: ReportOptions,
    inputs: Mapping[str, str | tuple[str, ...]],
    *,
    name: str,
    command: str | None = None,
    plugins: Mapping[str, str] | None = None,
    set_by: Mapping[str, str] | None = None,
) -> Provenance:
    """Return the provenance of a report.

    Args:
        read: the model, or its weights, and its file.
        options: the report's options.
        inputs: what was given beside the model, by option name ('samples', 'labels', 'class-names', 'config'), as base names.
        name: the model's name, which is the page's title where none was given and Keras did not make the name up.
        command: the command that makes the same report; None for the one that follows from the rest.
        set_by: what set an option that was not given, by the option's name: a file or a variable of the environment.
        plugins: versions of the packages that brought an analysis, by name.
    """
    options = without_folders(options)
    file, live = read.file, read if isinstance(read, LoadedModel) else None
    used = backend() if not isinstance(read, WeightsOnly) or read.needs_keras(run=True) else ""
    return Provenance(
        file_name=file.name if file else None,
        file_size=file.size if file else None,
        sha256=file.sha256 if file else weights_digest(live.model if live else None),
        format=file.format.label if file else say("a keras.Model in memory"),
        keras_version=read.keras_version if file else None,
        rewrites=live.rewrites if live else (),
        versions={**package_versions(used), **(plugins or {})},
        backend=used,
        date=report_day(),
        seed=options.seed,
        options={**inputs, **asdict(options)},
        command=command or reproducing_command(file.name if file else None, options, inputs),
        title=options.title or _title(name, file.name if file else None),
        note=options.note,
        custom_code=read.custom_code,
        set_by=set_by or {},
        not_run="" if isinstance(read, LoadedModel) else read.message,
    )


def without_folders(options: ReportOptions) -> ReportOptions:
    """Return the options with the base names of the files that they name."""
    paths: dict[str, Any] = {}
    for name, one in options_of(ReportOptions).items():
        value = getattr(options, name)
        if one.text == "path" and value:
            paths[name] = tuple(map(input_name, value)) if isinstance(value, tuple) else input_name(value)
    return replace(options, **paths)


def _title(name: str, file_name: str | None) -> str:
    """Return the model's name, or the file's where Keras made up the former."""
    if file_name is None or not _KERAS_OWN.fullmatch(name):
        return name
    stem = re.sub(r"(\.weights)?\.(keras|h5|hdf5|json)$", "", file_name, flags=re.IGNORECASE)
    return shown(stem) or name


def package_versions(used: str) -> dict[str, str]:
    """Return the versions of reportgen, Python and the packages that compute and draw, by name.

    Args:
        used: what Keras ran on; '' where it was not needed.
    """
    versions = {"reportgen": _version("cnn-reportgen"), "python": platform.python_version()}
    return versions | {package: _version(package) for package in dict.fromkeys((*_PACKAGES, used)) if package}


@cache
def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:  # such as tensorflow installed as tensorflow-cpu
        return "unknown"


def report_day() -> str:
    """Return today in UTC, or the day of SOURCE_DATE_EPOCH where it is set; no time, so that a day's reports are equal.

    Source: https://reproducible-builds.org/specs/source-date-epoch/

    Raises:
        UsageError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(timezone.utc).strftime(_DAY)
    try:
        return datetime.fromtimestamp(int(epoch), timezone.utc).strftime(_DAY)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH must be a number of seconds since 1970. Received: {epoch!r}.") from None


def reproducing_command(
    file_name: str | None, options: ReportOptions, inputs: Mapping[str, str | tuple[str, ...]]
) -> str:
    """Return the command that makes the same report from files in the working folder; defaults are left out.

    Where something was given that is no file, it is the call from Python.

    Args:
        file_name: the model file's name; None for a model in memory.
        options: the report's options.
        inputs: see `make_provenance`.
    """
    changed = _changed(options)
    if file_name is None:
        return "reportgen.build_report(model, …)"
    if any(_is_in_memory(value) for value in inputs.values()):
        return _call("build_report", [repr(file_name)], inputs, changed)
    return _words("build", [file_name], inputs, changed)


def comparing_command(
    base: str | None, new: str | None, options: ReportOptions, inputs: Mapping[str, str | tuple[str, ...]]
) -> str:
    """Return the command that makes the same comparison from files in the working folder, as `reproducing_command` does.

    Args:
        base, new: the model files' names; None for a model in memory.
        options: the report's options.
        inputs: see `make_provenance`.
    """
    changed = _changed(options)
    if base is None or new is None or any(_is_in_memory(value) for value in inputs.values()):
        models = [name if file is None else repr(file) for name, file in (("base", base), ("new", new))]
        return _call("build_comparison", models, inputs, changed)
    return _words("compare", [base, new], inputs, changed)


def _changed(options: ReportOptions) -> dict[str, Any]:
    """Return the options that are not at their default, by their names on the command line."""
    return {
        field.name.replace("_", "-"): getattr(options, field.name)
        for field in fields(options)
        if getattr(options, field.name) != getattr(DEFAULTS, field.name)
    }


def _words(
    command: str, files: list[str], inputs: Mapping[str, str | tuple[str, ...]], changed: Mapping[str, Any]
) -> str:
    # a name that begins with a dash would be taken for an option
    words = ["reportgen", command, *(f"./{file}" if file.startswith("-") else file for file in files)]
    for name, value in (*inputs.items(), *changed.items()):
        for one in value if isinstance(value, tuple) else (value,):
            words += [f"--{name}"] if one is True else [f"--{name}", str(one)]
    return shlex.join(words)


def _is_in_memory(value: str | tuple[str, ...]) -> bool:
    """Return whether an input's name is, or has, the kind of an object, such as '<ndarray>' or 'image=<ndarray>'."""
    names = value if isinstance(value, tuple) else (value,)
    return any(name.endswith(">") and name.rpartition("=")[2].startswith("<") for name in names)


def _call(
    function: str, models: list[str], inputs: Mapping[str, str | tuple[str, ...]], changed: Mapping[str, Any]
) -> str:
    """Return the call from Python; what is in memory is called as the argument that it is given for."""
    given = {name: name.replace("-", "_") if _is_in_memory(value) else repr(value) for name, value in inputs.items()}
    given |= {name: repr(value) for name, value in changed.items()}
    arguments = [value if name == "samples" else f"{name.replace('-', '_')}={value}" for name, value in given.items()]
    return f"reportgen.{function}({', '.join([*models, *arguments])})"


def input_name(value: Any) -> str:
    """Return what may be shown of an input: a path's last part, a list of names as it is, otherwise its kind."""
    if isinstance(value, str) and "," in value and not Path(value).exists() and not Path(value).is_absolute():
        return value
    if isinstance(value, str | Path):
        return Path(str(value)).name or str(value)
    return f"<{type(value).__name__}>"


def input_names(samples: Any, others: Mapping[str, Any], extra: Sequence[Any]) -> dict[str, str | tuple[str, ...]]:
    """Return what may be shown of what was given beside the model, by option name."""
    named: dict[str, str | tuple[str, ...]] = {} if samples is None else {"samples": samples_name(samples)}
    named |= {name: input_name(value) for name, value in others.items() if value is not None}
    return named | ({"extra": tuple(map(input_name, extra))} if extra else {})


def samples_name(value: Any) -> str | tuple[str, ...]:
    """Return what may be shown of samples, as `input_name`; of several sources that of each, after its input's name.

    Args:
        value: what `build_report` was given: a source, a list of paths, or a dictionary by the name of the input.
    """
    names = tuple(_source_names(value))
    return names if len(names) > 1 else names[0]


def _source_names(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name, given in value.items():
            yield from (f"{name}={one}" for one in _source_names(given))
    elif isinstance(value, list) and value and all(isinstance(one, str | Path) for one in value):
        for one in value:
            yield from _source_names(one)
    else:
        name, source = split_input_name(value) if isinstance(value, str) else ("", value)
        shown_as = input_name(source)
        # what a file is called before '=' must not be taken for an input's name
        yield f"{name}={shown_as}" if name else f"./{shown_as}" if "=" in shown_as else shown_as
