"""SHA-256 of the samples that a model was run on, so that whoever makes the report again knows whether they are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.messages import say
from reportgen.samples.labels import Unused
from reportgen.samples.source import SampleSource, joined_kind, little_endian


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


def fingerprint_samples(source: SampleSource, indices: Sequence[int]) -> Fingerprint:
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
        for chunk in one.chunks(ordered):
            digest.update(chunk)
    samples = digest.hexdigest()
    labels = None if isinstance(source.labels, Unused) else source.labels
    if labels is not None:
        digest.update(little_endian(labels.take(ordered).values))
    what = joined_kind([one.hashed for one in sources])
    if source.beside:
        what = say("{what}, one input after the other", what=what)
    return Fingerprint(samples, None if labels is None else digest.hexdigest(), what)
