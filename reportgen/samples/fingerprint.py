"""SHA-256 of the samples that a model was run on, so that whoever makes the report again knows whether they are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reportgen.messages import say
from reportgen.samples.files import cannot_be_read
from reportgen.samples.labels import Unused
from reportgen.samples.sample_source import SampleSource

_AT_ONCE = 2**24  # bytes

VALUES = say("the stored values of the evaluated samples in the order of their index")
FILES = say("what sha256sum prints for the evaluated image files, in the order of their index")
_BOTH = say(
    "the stored values of the evaluated samples and, for image files, what sha256sum prints, in the order of their index"
)


@dataclass(frozen=True)
class Fingerprint:
    """What identifies the evaluated samples.

    Attributes:
        samples: SHA-256 in hexadecimal.
        with_labels: SHA-256 over the same and then the labels, so that nobody can find the labels of a few samples by trying
            without the samples; None where there are none.
        what: what the samples' digest is of, without a full stop.
    """

    samples: str
    with_labels: str | None
    what: str


def fingerprint(source: SampleSource, indices: Sequence[int]) -> Fingerprint:
    """Return the fingerprint of some samples; they are read again, piece by piece.

    Of an array of all samples it is `hashlib.sha256(x.tobytes())`, and with labels `hashlib.sha256(x.tobytes() + y.tobytes())`;
    y as int64, as float64 for numbers, as bool for sets of classes, all little-endian. A folder has that of
    `sha256sum * | sha256sum`, with names relative to it.

    Args:
        source: the samples; those of other inputs, beside it, are hashed after it.
        indices: in any order.

    Raises:
        SamplesError: an image file cannot be read.
    """
    ordered = sorted(indices)
    sources = (source, *source.beside.values())
    digest = hashlib.sha256()
    for one in sources:
        for chunk in chunks_of(one, ordered):
            digest.update(chunk)
    samples = digest.hexdigest()
    labels = None if isinstance(source.labels, Unused) else source.labels
    if labels is not None:
        digest.update(_little_endian(labels.take(ordered).values))
    kinds = {one.hashed for one in sources}
    what = (next(iter(kinds)) or VALUES) if len(kinds) == 1 else _BOTH
    if source.beside:
        what = say("{what}, one input after the other", what=what)
    return Fingerprint(samples, None if labels is None else digest.hexdigest(), what)


def chunks_of(source: SampleSource, indices: Sequence[int]) -> Iterator[bytes]:
    """Yield what is hashed of some samples: of image files a line each, of all else the values as stored."""
    if source.chunks is not None:
        yield from source.chunks(indices)
        return
    size = int(np.prod(source.shape)) * source.dtype.itemsize
    step = max(_AT_ONCE // max(size, 1), 1)
    for start in range(0, len(indices), step):
        yield _little_endian(source.read(indices[start : start + step]))


def file_chunks(folder: Path, names: Sequence[str], indices: Sequence[int]) -> Iterator[bytes]:
    """Yield for each file its SHA-256, two blanks, its name and a line feed.

    Args:
        folder: where the names start.
        names: the names of all files.
        indices: which of them to hash.

    Raises:
        SamplesError: a file cannot be read.
    """
    for index in indices:
        path = folder / names[index]
        try:
            with path.open("rb") as file:
                digest = hashlib.sha256()
                while chunk := file.read(_AT_ONCE):
                    digest.update(chunk)
        except OSError as error:
            raise cannot_be_read(path, error) from error
        yield f"{digest.hexdigest()}  {names[index]}\n".encode("utf-8", "surrogateescape")


def joined_kind(kinds: Sequence[str]) -> str:
    """Return what the digest of several sources, one after the other, is of."""
    return kinds[0] if len(set(kinds)) == 1 else _BOTH


def _little_endian(values: np.ndarray) -> bytes:
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
