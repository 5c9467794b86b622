"""Damages small files of models and samples, and reads each: it must be read, or refused in one line with a documented exit code.

    python tests/fuzz/fuzz.py --count 100            what the tests do
    python tests/fuzz/fuzz.py --count 200000 --seed 1   by hand, for about an hour: make fuzz

An input that fails is kept in corpus/, which the tests read again; it is written before it is tried, so that one that ends the
process is kept too.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import random
import sys
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from reportgen.cli.app import run
from reportgen.errors import ReportgenError
from reportgen.samples import Accepts, open_samples

CORPUS = Path(__file__).parent / "corpus"
FIXTURES = Path(__file__).parent.parent / "reading" / "fixtures"
LARGEST = 60_000  # bytes of a fixture, so that a thousand mutants take seconds
DOCUMENTED = {0, 3, 4}
"""Read, refused as a model, refused as samples."""

_ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**70, 1.5, float("nan"), "", "\ud800", "x" * 5000, "a/b", "\0", "../x", [], [[]], {}, {"a": 1},
    ["Dense"], {"class_name": []}, {"class_name": "Lambda", "config": {}}, [["a", 0, 0, {}]],
)  # fmt: skip


def configurations() -> list[Any]:
    """Return real configurations, of every release of Keras among the fixtures."""
    found = []
    for path in sorted((*FIXTURES.glob("*.h5"), *FIXTURES.glob("*.keras"))):
        if path.suffix == ".keras":
            with zipfile.ZipFile(path) as archive:
                found.append(json.loads(archive.read("config.json")))
        else:
            with h5py.File(path) as file:
                text = file.attrs.get("model_config")
            found += [] if text is None else [json.loads(text)]
    return found


def files() -> list[tuple[str, bytes]]:
    """Return small files by their endings: models of the fixtures, and arrays."""
    found = [
        (path.suffix, path.read_bytes())
        for path in sorted((*FIXTURES.glob("*.h5"), *FIXTURES.glob("*.keras")))
        if path.stat().st_size <= LARGEST
    ]
    array = np.arange(2 * 4 * 4, dtype=np.float32).reshape(2, 4, 4, 1)
    for ending, save in ((".npy", np.save), (".npz", np.savez)):
        stored = io.BytesIO()
        save(stored, array)
        found.append((ending, stored.getvalue()))
    return found


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def damaged_configuration(draw: random.Random, config: Any) -> bytes:
    """Return a configuration as JSON with one to three values replaced, left out or put in another's place."""
    changed = copy.deepcopy(config)
    for _ in range(draw.randint(1, 3)):
        places = list(_places(changed))
        if not places:
            break
        around, key = draw.choice(places)
        other, other_key = draw.choice(places)
        kind = draw.randrange(4)
        if kind == 0:
            del around[key]
        elif kind == 1:
            around[key] = copy.deepcopy(other[other_key])
        else:
            around[key] = draw.choice(_ODD)
    return json.dumps(changed).encode()


def damaged_bytes(draw: random.Random, content: bytes) -> bytes:
    """Return bytes with some of them changed, cut off, repeated or removed."""
    changed = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        begin = draw.randrange(len(changed) or 1)
        end = begin + draw.choice((1, 2, 8, 512))
        kind = draw.randrange(6)
        if kind == 0:
            del changed[begin:]
        elif kind == 1:
            del changed[begin:end]
        elif kind == 2:
            changed[begin:begin] = changed[begin:end]
        else:
            changed[begin:end] = bytes(draw.choice((0, 1, 127, 255, draw.randrange(256))) for _ in changed[begin:end])
    return bytes(changed)


def mutants(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield damaged files with their endings; the same for the same seed."""
    configs, stored = configurations(), files()
    arrays = [one for one in stored if one[0] in (".npy", ".npz")]
    for number in range(count):
        draw = random.Random(f"{seed}/{number}")
        if draw.random() < 0.6:
            text = damaged_configuration(draw, draw.choice(configs))
            yield _container(draw, text)
        else:
            ending, content = draw.choice(arrays if draw.random() < 0.3 else stored)
            yield ending, damaged_bytes(draw, content)


def _container(draw: random.Random, text: bytes) -> tuple[str, bytes]:
    ending = draw.choice((".json", ".keras", ".h5"))
    if ending == ".json":
        return ending, text
    content, weights = io.BytesIO(), io.BytesIO()
    with h5py.File(content if ending == ".h5" else weights, "w") as file:
        file.create_group("layers")["x"] = np.zeros(3, np.float32)
        if ending == ".h5":
            file.attrs["model_config"] = text
    if ending == ".keras":
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("config.json", text)
            archive.writestr("metadata.json", "{}")
            archive.writestr("model.weights.h5", weights.getvalue())
    return ending, content.getvalue()


def fault(path: Path) -> str:
    """Return what is wrong with how a file is answered; '' for nothing."""
    said = io.StringIO()
    answer: Callable[[], int] = (
        (lambda: _samples(path)) if path.suffix in (".npy", ".npz") else (lambda: _inspect(path))
    )
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = answer()
    except Exception:  # noqa: BLE001 - whatever it is, it is the fault that is looked for
        return traceback.format_exc()
    if code in DOCUMENTED and (code == 0 or said.getvalue().count("\n") == 1):
        return ""
    return f"exit code {code}: {said.getvalue()}"


def _inspect(path: Path) -> int:
    return run(["inspect", str(path)])


def _samples(path: Path) -> int:
    try:
        open_samples(path, Accepts(input_shape=(4, 4, 1)))
    except ReportgenError as error:
        print(error)  # noqa: T201 - which a caller counts the lines of
        return error.exit_code
    return 0


def main() -> int:
    """Read the kept inputs and new mutants; return 1 where one of them is answered wrongly."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    faults = [f"{path.name}\n{wrong}" for path in sorted(CORPUS.glob("[!.]*.*")) if (wrong := fault(path))]
    for number, (ending, content) in enumerate(mutants(asked.count, asked.seed)):
        path = CORPUS / f"seed-{asked.seed}-{number}{ending}"
        path.write_bytes(content)
        wrong = fault(path)
        if wrong:
            faults.append(f"{path.name}\n{wrong}")
        else:
            path.unlink()
    print("\n\n".join(faults) or f"{asked.count} damaged files, each answered as documented")  # noqa: T201
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
