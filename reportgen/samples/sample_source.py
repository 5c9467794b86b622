"""What every kind of samples becomes: something that is read piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from reportgen.errors import SamplesError


@dataclass(frozen=True, kw_only=True)
class SampleSource:
    """Samples that can be read piece by piece.

    Attributes:
        read: indices -> (n, *shape) as stored, in the order asked for. Raises SamplesError for a value that is not
            finite and for an image that is damaged or unlike the first one.
        count: how many samples there are, at least 1.
        shape: of one sample, after a missing channel axis was added.
        dtype: as stored, in native byte order.
        labels: (count,) int64, or None.
        targets: (count,) float64, what a single output should be, where the labels are no class numbers; else None.
        label_sets: (count, K) bool, the classes of each sample, where the labels name any number of them; else None.
        names: short shown name of sample i: 'x_test[3]', or the image's file name with its class folder, 'dog/1.png'. Escaped.
        class_names: in the order of the labels, or None when they are not known.
        description: such as 'samples.npz, array x_test': base names alone, never a path.
        notes: what was done or noticed, one sentence each.
        input_name: of the input that they are given to; '' where the model takes them alone.
        beside: of a model with several inputs the sources of the others, by name, as many samples each.
        class_names_origin: where class names come from that the user did not give, for messages; else ''.
        unused_labels: why labels that were given cannot be compared with predictions, one sentence; else ''.
        file_names: of image files, relative to their folder, to find their labels by; else None.
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
    labels: np.ndarray | None
    names: Callable[[int], str]
    class_names: tuple[str, ...] | None
    description: str
    notes: tuple[str, ...]
    targets: np.ndarray | None = None
    label_sets: np.ndarray | None = None
    input_name: str = ""
    beside: Mapping[str, SampleSource] = field(default_factory=dict)
    class_names_origin: str = ""
    unused_labels: str = ""
    file_names: tuple[str, ...] | None = None
    noticed: Callable[[], tuple[str, ...]] = tuple
    chunks: Callable[[Sequence[int]], Iterator[bytes]] | None = None
    hashed: str = ""
    kept: tuple[int, ...] | None = None
    listed: int = 0


def check_finite(sample: np.ndarray, name: str) -> None:
    """Raise SamplesError when a sample holds NaN or infinity.

    Args:
        sample: any shape and dtype.
        name: of the sample, for the message.
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
