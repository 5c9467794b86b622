"""What every kind of samples becomes: something that is read piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from reportgen.errors import SamplesError
from reportgen.samples.labels import Labels


@dataclass(frozen=True, kw_only=True)
class SampleSource:
    """Samples that can be read piece by piece.

    Attributes:
        read: indices -> (n, *shape) as stored, in the order asked for. Raises SamplesError for a value that is not
            finite and for an image that is damaged or unlike the first one.
        count: how many samples there are, at least 1.
        shape: one sample's, after a missing channel axis was added.
        dtype: as stored, in native byte order.
        labels: what is known to be right for each sample; None where nothing was given.
        names: short shown name of sample i: 'x_test[3]', or the image's file name with its class folder, 'dog/1.png'. Escaped.
        class_names: in the order of the labels, or None when they are not known.
        description: such as 'samples.npz, array x_test': base names alone, never a path.
        notes: what was done or noticed, one sentence each; what holds of the labels is noted there.
        input_name: the input that they are given to; '' where the model takes them alone.
        beside: the sources of the model's other inputs, by name, as many samples each.
        class_names_origin: where class names come from that the user did not give, for messages; else ''.
        file_names: the image files' names, relative to their folder, to find their labels by; else None.
        noticed: what reading has met so far and changed, one sentence each.
        chunks: what is hashed of samples that are files; None for their values as stored, see `fingerprint`.
        hashed: what that is, where `chunks` is given.
        kept: places of the samples among all files of the source, where some could not be read and were left out.
        listed: number of all those files; 0 where nothing was looked for.
    """

    read: Callable[[Sequence[int]], np.ndarray]
    count: int
    shape: tuple[int, ...]
    dtype: np.dtype
    labels: Labels | None
    names: Callable[[int], str]
    class_names: tuple[str, ...] | None
    description: str
    notes: tuple[str, ...]
    input_name: str = ""
    beside: Mapping[str, SampleSource] = field(default_factory=dict)
    class_names_origin: str = ""
    file_names: tuple[str, ...] | None = None
    noticed: Callable[[], tuple[str, ...]] = tuple
    chunks: Callable[[Sequence[int]], Iterator[bytes]] | None = None
    hashed: str = ""
    kept: tuple[int, ...] | None = None
    listed: int = 0

    @property
    def steps(self) -> tuple[str, ...]:
        """What was done to the samples and how their labels were understood, one sentence each."""
        return self.notes if self.labels is None else (*self.notes, *self.labels.notes)


def check_finite(sample: np.ndarray, name: str) -> None:
    """Raise SamplesError when a sample holds NaN or infinity.

    Args:
        sample: any shape and dtype.
        name: the sample's name, for the message.
    """
    if sample.dtype.kind != "f":
        return
    finite = np.isfinite(sample)
    if not finite.all():
        place = tuple(int(position) for position in np.argwhere(~finite)[0])
        raise SamplesError(
            f"samples must be finite numbers. Received: {sample[place]} in {name} at {place}. "
            "Replace it or leave this sample out."
        )
