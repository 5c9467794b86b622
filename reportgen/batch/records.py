"""What a batch has done already, beside its pages: for each a key of all that decides it, and the digests of its files."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from reportgen import __version__
from reportgen.batch.digests import file_digest, path_digest
from reportgen.batch.tasks import Task, options_in_force
from reportgen.batch.worker import Failure, Pages
from reportgen.rendering import write_all
from reportgen.samples import split_input_name

FOLDER = ".reportgen"
"""The folder of the records, within that of the pages."""

FAILED = ".failed.json"
"""Ending of the file that says why a model has no report."""

_WITHHELD = "the report could not be made, and --redact hides the reason"
_FILES_OF_OPTIONS = ("custom_objects", "architecture", "before")


class Records:
    """The records of a batch.

    A page, its JSON and its record are written in this order, each whole or not at all: a batch that is killed between two of
    them makes that one report again, and no other.

    Args:
        output: the folder of the pages; it exists.
    """

    def __init__(self, output: Path) -> None:
        self._output, self._folder = output, output / FOLDER
        self._folder.mkdir(exist_ok=True)

    def holds(self, name: str, key: str) -> bool:
        """Return whether a model's files are there as they were written for this key."""
        try:
            record = json.loads((self._folder / f"{name}.json").read_text(encoding="utf-8"))
            return bool(record["key"] == key) and all(
                file_digest(self._output / file) == digest for file, digest in record["files"].items()
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return False

    def failure(self, name: str) -> tuple[str, int] | None:
        """Return why a model has no report, and the exit code for it; None where it has one."""
        try:
            said = json.loads((self._output / f"{name}{FAILED}").read_text(encoding="utf-8"))["failed"]
            return str(said["error"]), int(said["exit_code"])
        except FileNotFoundError:
            return None

    def write(self, task: Task, outcome: Pages | Failure, key: str | None) -> None:
        """Write what became of a model, and then that it is done, unless another run may do better.

        Args:
            task: the task.
            outcome: what became of it.
            key: the digest of all that decided it; None where that is not known for certain.
        """
        name = task.model.name
        if isinstance(outcome, Pages):
            written = {f"{name}.html": outcome.html, f"{name}.json": outcome.json}
        else:
            # what an error quotes may name a sample or a file
            redacted = {"model": "", "error": f"{_WITHHELD} (exit code {outcome.exit_code})."}
            full = {"model": task.model.path.name, "error": outcome.error}
            said = {"exit_code": outcome.exit_code, **(redacted if options_in_force(task.model).redact else full)}
            written = {f"{name}{FAILED}": json.dumps({"failed": said}, ensure_ascii=False) + "\n"}
        record = self._folder / f"{name}.json"
        record.unlink(missing_ok=True)
        for old in (f"{name}.html", f"{name}.json", f"{name}{FAILED}"):
            if old not in written:
                (self._output / old).unlink(missing_ok=True)
        write_all({self._output / file: text for file, text in written.items()})
        if key is not None and (isinstance(outcome, Pages) or not outcome.again):
            digests = {file: hashlib.sha256(text.encode()).hexdigest() for file, text in written.items()}
            write_all({record: json.dumps({"key": key, "files": digests}) + "\n"})

    def tidy(self, name: str) -> None:
        """Remove what a killed batch left half-written of a model's files."""
        for folder in (self._output, self._folder):
            for file in (f"{name}.html", f"{name}.json", f"{name}{FAILED}"):
                for left in folder.glob(f".{_literal(file[:64])}.*.part"):
                    with contextlib.suppress(OSError):
                        left.unlink()


def _literal(name: str) -> str:
    return name.replace("[", "[[]")  # names of pages have no other sign of a pattern


def task_key(task: Task) -> str | None:
    """Return the SHA-256 of all that decides a task's bytes; None where that cannot be told, as of a generator of samples."""
    model = task.model
    try:
        sha256 = path_digest(model.path)
    except OSError:  # what cannot be read is looked at again
        return None
    inputs = [_digest_of(value) for value in model.inputs.values()]
    files = [_digest_of(getattr(model.options, name)) for name in _FILES_OF_OPTIONS]
    project = _digest_of(None if task.folder is None else str(task.folder / "pyproject.toml"))
    if None in inputs:
        return None
    made_of = {
        "reportgen": __version__,
        "model": [model.path.name, sha256],
        "inputs": inputs,
        "options": asdict(model.options),
        "given": None if model.given is None else sorted(model.given),
        "variables": {name: value for name, value in task.environment.items() if name.startswith("REPORTGEN_")},
        "files": [*files, project],
        "max_megabytes": task.max_megabytes,
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


def _digest_of(value: Any) -> Any:
    """Return what identifies an input: a file's name and digest, an array's digest, what JSON holds as it is; None for others."""
    if value is None or isinstance(value, bool | int | float):
        return ["value", value]
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256(np.ascontiguousarray(value)).hexdigest()  # type: ignore[arg-type]
        return ["array", str(value.dtype), list(value.shape), digest]
    if isinstance(value, Mapping):
        parts = [[str(key), _digest_of(one)] for key, one in value.items()]
        return None if any(part[1] is None for part in parts) else parts
    if isinstance(value, list | tuple):
        listed = [_digest_of(one) for one in value]
        return None if None in listed else listed
    if not isinstance(value, str | Path):
        return None
    source = split_input_name(value)[1] if isinstance(value, str) else str(value)
    for file in (str(source), str(source).rpartition(":")[0]):
        if file and Path(file).exists():
            return ["file", Path(str(value)).name, path_digest(Path(file))]
    return ["text", str(value)]
