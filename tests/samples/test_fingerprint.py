"""SHA-256 of the evaluated samples: what it is of, and that anybody can compute it."""

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.redaction.anonymous import anonymise
from reportgen.samples import open_samples
from reportgen.samples import source as module
from reportgen.samples.fingerprint import fingerprint_samples
from reportgen.samples.labels import Accepts
from reportgen.samples.source import FILES, VALUES, concatenated

X = np.arange(96, dtype=">f4").reshape(6, 4, 4)
Y = np.array([2, 0, 1, 0, 2, 1], np.uint8)
INPUT = (4, 4, 1)


def sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_of_an_array_it_is_that_of_its_bytes_in_any_order_and_byte_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HASHED_AT_ONCE", 100)  # one sample at a time
    source = open_samples((X, Y), Accepts(input_shape=INPUT))
    little = X.astype("<f4")
    found = fingerprint_samples(source, [5, 0, 3, 1, 2, 4])
    assert found.samples == sha256(little.tobytes())
    assert found.with_labels == sha256(little.tobytes(), Y.astype("<i8").tobytes())
    assert found.what == VALUES
    assert fingerprint_samples(source, [4, 1]).with_labels == sha256(
        little[[1, 4]].tobytes(), Y[[1, 4]].astype("<i8").tobytes()
    )
    assert fingerprint_samples(open_samples(X, Accepts(input_shape=INPUT)), range(6)).with_labels is None


def test_a_redacted_source_has_the_same() -> None:
    source = open_samples((X, Y), Accepts(input_shape=INPUT))
    assert fingerprint_samples(anonymise(source), range(6)) == fingerprint_samples(source, range(6))


def test_of_several_sources_it_is_that_of_all_their_values() -> None:
    halves = [open_samples(part, Accepts(input_shape=INPUT)) for part in (X[:2], X[2:])]
    whole = open_samples(X, Accepts(input_shape=INPUT))
    assert fingerprint_samples(concatenated(halves), range(6)) == fingerprint_samples(whole, range(6))


def test_of_several_sources_that_are_resized_it_is_that_of_their_stored_values() -> None:
    smaller = Accepts(input_shape=(2, 3, 1), resize="stretch")
    joined = concatenated([open_samples(part, smaller) for part in (X[:2], X[2:])])
    found = fingerprint_samples(joined, range(6))
    assert found == fingerprint_samples(open_samples(X, smaller), range(6))
    assert found.samples == sha256(X.astype("<f4").tobytes())


def test_of_several_inputs_it_goes_on_with_the_others() -> None:
    first, second = open_samples(X, Accepts(input_shape=INPUT)), open_samples(X + 1, Accepts(input_shape=INPUT))
    found = fingerprint_samples(replace(first, input_name="a", beside={"b": second}), range(6))
    assert found.samples == sha256(X.astype("<f4").tobytes(), (X + 1).astype("<f4").tobytes())
    assert found.what == f"{VALUES}, one input after the other"


def test_of_a_folder_it_is_what_sha256sum_prints_of_the_evaluated_images(tmp_path: Path) -> None:
    for name in ("cat/1.png", "dog/1.png", "dog/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (4, 4), len(name)).save(tmp_path / name)
    source = open_samples(tmp_path, Accepts(input_shape=INPUT))
    printed = subprocess.run(
        ["sha256sum", "cat/1.png", "dog/2.png"], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    found = fingerprint_samples(source, [2, 0])
    assert (found.samples, found.what) == (sha256(printed), FILES)
    assert found.with_labels == sha256(printed, np.array([0, 1], "<i8").tobytes())
    (tmp_path / "dog" / "1.png").write_bytes(b"not evaluated")
    assert fingerprint_samples(source, [2, 0]) == found
    (tmp_path / "dog" / "2.png").write_bytes(b"another")
    assert fingerprint_samples(source, [2, 0]).samples != found.samples
