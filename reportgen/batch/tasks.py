"""What a batch is asked for: which models, each with its name, its samples and its options."""

from __future__ import annotations

import glob
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from reportgen.batch.digests import path_digest
from reportgen.errors import UsageError
from reportgen.options import DEFAULTS, ReportOptions, flag_of, from_given, options_of, read_configuration, settled
from reportgen.rendering import LARGEST_PAGE
from reportgen.untrusted.escaping import base_name, reason_of, shown
from reportgen.untrusted.regular import read_regular

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MODEL_FILES = (".keras", ".h5", ".hdf5")
"""Endings of the files that are taken for models in a folder."""

_MODEL_FOLDER_FILES = ("saved_model.pb", "keras_metadata.pb")
_INPUTS = ("samples", "labels", "class_names", "history", "config")
_NUMBERS = re.compile(r"(\d+)")
_NAME = re.compile(r"[^\w.+=-]+")
_MOST_NAME = 120  # characters; a file system allows 255 bytes, of which a temporary name takes some


@dataclass(frozen=True, kw_only=True)
class BatchModel:
    """A model of a batch.

    Attributes:
        path: the model's file or folder.
        name: what its page is called, without '.html'; '' for the file's name.
        samples, labels, class_names, history, config: as for `build_report`.
        options: the options of its report.
        given: names of the options that were given, see `make_report`.
    """

    path: Path
    name: str = ""
    samples: Any = None
    labels: Any = None
    class_names: Any = None
    history: Any = None
    config: Any = None
    options: ReportOptions = DEFAULTS
    given: frozenset[str] | None = None

    @property
    def inputs(self) -> dict[str, Any]:
        """What was given beside the model, by the argument of `make_report`."""
        return {name: getattr(self, name) for name in _INPUTS}


def options_in_force(model: BatchModel) -> ReportOptions:
    """Return the options of a model's report, those of its configuration and of the environment among them.

    Raises:
        UsageError: one of these cannot be used.
    """
    configuration = read_configuration(model.config)
    chosen = settled(model.options, given=model.given, configured=configuration.options, file=configuration.name)
    return chosen.options


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a worker is given: everything that decides a page's bytes.

    Attributes:
        model: the model, named.
        max_megabytes: the page's largest size.
        folder: the folder whose pyproject.toml configures the report; None where there is none.
        environment: the variables that configure it.
    """

    model: BatchModel
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    max_megabytes: float = LARGEST_PAGE


def find_models(sources: Iterable[str | Path | BatchModel], like: BatchModel) -> tuple[BatchModel, ...]:
    """Return the models that were asked for, each once and with a name of its own, in order.

    Args:
        sources: paths of models; folders, of which every model is taken; patterns such as 'runs/*/best.keras'; lists, which are
            TOML files, see docs/batch.md; and models with options of their own.
        like: samples and options of those that have none of their own.

    Raises:
        UsageError: nothing is found by a source, or a list cannot be read.
    """
    found: dict[tuple[str, str], BatchModel] = {}
    for source in sources:
        for model in _models_of(source, like):
            found.setdefault((str(model.path.absolute()), model.name), model)
    return _named(tuple(found.values()))


def _models_of(source: str | Path | BatchModel, like: BatchModel) -> Iterator[BatchModel]:
    if isinstance(source, BatchModel):
        yield source
        return
    path = Path(source)
    if path.suffix == ".toml":
        yield from _listed(path, like)
    elif path.is_dir() and not _is_model_folder(path):
        paths = models_in(path)
        if not paths:
            raise UsageError(
                f"a folder of models must hold {', '.join(MODEL_FILES)} files or SavedModels. Received: "
                f"{base_name(path)}, which holds none. Name the folder that they are in."
            )
        yield from (replace(like, path=one) for one in paths)
    elif not path.exists() and glob.has_magic(str(source)):
        matching = sorted(glob.iglob(str(source), recursive=True), key=_in_counting_order)  # noqa: PTH207 - may be absolute
        if not matching:
            raise UsageError(f"a pattern must match a model. Received: {shown(source)}, which matches none. Check it.")
        for one in matching:
            yield from _models_of(one, like)
    else:  # a file that does not exist costs its own row
        yield replace(like, path=path)


def models_in(folder: Path) -> tuple[Path, ...]:
    """Return the models in a folder and the folders below it, in counting order; hidden ones are passed over."""
    return tuple(sorted(_walk(folder), key=lambda path: _in_counting_order(str(path))))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            if _is_model_folder(path):
                yield path
            else:
                yield from _walk(path)
        elif path.suffix.lower() in MODEL_FILES:
            yield path


def _is_model_folder(path: Path) -> bool:
    return any((path / name).is_file() for name in _MODEL_FOLDER_FILES)


def _in_counting_order(text: str) -> list[tuple[bool, int, str]]:
    """Return a key by which 'epoch-9' stands before 'epoch-10'."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in _NUMBERS.split(text)]


def _listed(path: Path, like: BatchModel) -> Iterator[BatchModel]:
    """Yield the models of a list: options that stand before the first model are those of all, paths are relative to it."""
    try:
        document = tomllib.loads(read_regular(path).decode("utf-8-sig"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(
            f"a list of models must be a TOML file that can be read. Received: {base_name(path)}: {reason}. Check its name."
        ) from error
    except ValueError as error:  # tomllib's own error and that of a wrong encoding
        raise UsageError(
            f"{base_name(path)} must be TOML in UTF-8. Received: {reason_of(error)}. Correct it."
        ) from error
    models = document.pop("models", None)
    if not isinstance(models, list) or not all(isinstance(one, Mapping) for one in models):
        raise UsageError(f"{base_name(path)} must hold a table [[models]] for each model, with its path.")
    every = _with_given(like, document, path)
    for number, given in enumerate(models, 1):
        entry = dict(given)
        sources = entry.pop("path", None)
        if not isinstance(sources, str):
            raise UsageError(
                f"{base_name(path)}: [[models]] number {number} must have a path. Received: {shown(sources)}."
            )
        own = _with_given(replace(every, name=str(entry.pop("name", ""))), entry, path)
        yield from _models_of(str(path.parent / sources), own)


def _with_given(like: BatchModel, given: Mapping[str, Any], file: Path) -> BatchModel:
    """Return a model with what a table of a list sets: inputs whose paths are relative to the list, and options."""
    named = {name.replace("-", "_"): value for name, value in given.items()}
    inputs = {name: _relative(named.pop(name), file.parent) for name in _INPUTS if name in named}
    known = options_of(ReportOptions)
    for name in named.keys() - known.keys():
        raise UsageError(f"{base_name(file)}: there is no option {shown(flag_of(name))}. See reportgen build --help.")
    asked = from_given(ReportOptions, {name: tuple(v) if isinstance(v, list) else v for name, v in named.items()})
    try:
        options = replace(like.options, **{name: getattr(asked, name) for name in named})
        options.check()
    except UsageError as error:
        raise UsageError(f"{base_name(file)}: {error}") from error
    given_now = None if like.given is None else like.given | named.keys()
    return replace(like, **inputs, options=options, given=given_now)


def _relative(value: Any, folder: Path) -> Any:
    """Return a path of a list as seen from the working folder; what is no path there, such as 'fashion_mnist', as it is."""
    if isinstance(value, list):
        return [_relative(one, folder) for one in value]
    if not isinstance(value, str):
        return value
    name, equals, source = value.rpartition("=")
    file = source.rpartition(":")[0] or source
    there = next((one for one in (source, file) if (folder / one).exists()), None)
    return value if there is None else f"{name}{equals}{folder / source}"


def _named(models: Sequence[BatchModel]) -> tuple[BatchModel, ...]:
    """Return the models with names that differ: of the file, with its ending or folders where files share one."""
    taken = Counter(_page_name(model, 0) for model in models)
    names = [_page_name(model, 0) for model in models]
    for wider in range(1, 6):
        names = [
            _page_name(model, wider) if taken[name] > 1 else name for model, name in zip(models, names, strict=True)
        ]
        taken = Counter(names)
    names = [
        f"{name}-{_path_digest(model)}" if taken[name] > 1 else name for model, name in zip(models, names, strict=True)
    ]
    if len({name.casefold() for name in names}) < len(names):  # a file system may not tell A from a
        many = Counter(name.casefold() for name in names)
        names = [
            f"{name}-{_path_digest(model)}" if many[name.casefold()] > 1 else name
            for model, name in zip(models, names, strict=True)
        ]
    return tuple(replace(model, name=name) for model, name in zip(models, names, strict=True))


def _page_name(model: BatchModel, wider: int) -> str:
    """Return a name for a model's page: the file's stem, then with its ending, then with one folder more each time."""
    if model.name:
        wanted = model.name
    elif options_in_force(model).redact:  # the file's name must not be that of the page
        wanted = f"model-{_digest_or_path(model)[:12]}"
    else:
        parts = model.path.absolute().parts[-max(wider, 1) :]
        ending = next((end for end in (".weights.h5", *MODEL_FILES) if parts[-1].lower().endswith(end)), "")
        last = parts[-1] if wider else parts[-1][: len(parts[-1]) - len(ending)] or parts[-1]
        wanted = "-".join((*parts[:-1], last))
    name = _NAME.sub("-", wanted).strip("-.")[-_MOST_NAME:] or "model"
    return f"{name}-page" if name.casefold() == "index" else name  # index.html is the batch's own


def _digest_or_path(model: BatchModel) -> str:
    try:
        return path_digest(model.path)
    except OSError:  # what cannot be read gets a row that says so
        return _path_digest(model)


def _path_digest(model: BatchModel) -> str:
    return hashlib.sha256(f"{model.path.absolute()} {model.name} {asdict(model.options)}".encode()).hexdigest()[:8]
