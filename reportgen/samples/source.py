"""What every kind of samples becomes: something that is read piece by piece; several sources put one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from reportgen.errors import SamplesError
from reportgen.measures.arrangement import AS_IT_IS, Arrangement
from reportgen.messages import first_of, say
from reportgen.progress import counted_off
from reportgen.samples.labels import Labels, joined_labels, kind_of_labels
from reportgen.samples.shapes import shown_shape

_HASHED_AT_ONCE = 2**20  # bytes
_NAMED = 3

VALUES = say("the stored values of the evaluated samples in the order of their index")
FILES = say("what sha256sum prints for the evaluated image files, in the order of their index")
_BOTH = say(
    "the stored values of the evaluated samples and, for image files, what sha256sum prints, in the order of their index"
)


@dataclass(frozen=True)
class SampleFiles:
    """Files that are a sample each, by which their labels are found.

    Attributes:
        names: relative to their folder, 'a.png' or 'class/a.png', in the order of the samples.
        kept: their places among all files that were listed; some could perhaps not be read and were left out.
        listed: number of all those files.
    """

    names: tuple[str, ...]
    kept: tuple[int, ...]
    listed: int


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
        classes_by_position: whether class folders were taken for the classes by their order, as none has the name of one.
        class_names_origin: where class names come from that the user did not give, for messages; else ''.
        files: the files that the samples are, one each; None for samples of other kinds.
        noticed: what reading has met so far and changed, one sentence each.
        file_chunks: yields what is hashed of some samples of files, or of several sources; None where it is the values as stored.
        read_stored: indices -> values as stored, which are hashed, where `read` resizes them; else None.
        hashed: what is hashed, without a full stop.
        areas: pixels that each image read so far had in its file, by its index; empty where none is resized.
        arrangement: from the samples as the model takes them to pictures, which `read` returns and `shape` is of.
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
    classes_by_position: bool = False
    class_names_origin: str = ""
    files: SampleFiles | None = None
    noticed: Callable[[], tuple[str, ...]] = tuple
    file_chunks: Callable[[Sequence[int]], Iterator[bytes]] | None = None
    read_stored: Callable[[Sequence[int]], np.ndarray] | None = None
    hashed: str = VALUES
    areas: Mapping[int, int] = field(default_factory=dict)
    arrangement: Arrangement = AS_IT_IS

    @property
    def steps(self) -> tuple[str, ...]:
        """What was done to the samples and how their labels were understood, one sentence each."""
        return self.notes if self.labels is None else (*self.notes, *self.labels.notes)

    def chunks(self, indices: Sequence[int]) -> Iterator[bytes]:
        """Yield what is hashed of some samples: of image files a line each, of all else the values as stored."""
        if self.file_chunks is not None:
            yield from self.file_chunks(indices)
            return
        size = int(np.prod(self.shape)) * self.dtype.itemsize
        step = max(_HASHED_AT_ONCE // max(size, 1), 1)
        for start in counted_off(range(0, len(indices), step), len(indices), size=step):
            yield little_endian((self.read_stored or self.read)(indices[start : start + step]))


def arranged(source: SampleSource, arrangement: Arrangement) -> SampleSource:
    """Return samples as the model takes them as pictures, with rows, columns and channels last; hashed is what is stored.

    Args:
        source: the samples.
        arrangement: from these to pictures; the source stays as it is where nothing is turned.
    """
    if not arrangement.turns:
        return source
    return replace(
        source,
        read=lambda indices: arrangement.apply(source.read(indices)),
        shape=arrangement.apply(np.empty((0, *source.shape))).shape[1:],
        read_stored=source.read_stored or source.read,
        arrangement=arrangement,
    )


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


def little_endian(values: np.ndarray) -> bytes:
    """Return the bytes of values in C order, the same on every machine."""
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def joined_kind(kinds: Sequence[str]) -> str:
    """Return what the digest of several sources, one after the other, is of."""
    return kinds[0] if len(set(kinds)) == 1 else _BOTH


def concatenated(sources: Sequence[SampleSource]) -> SampleSource:
    """Return the samples of all sources, one source after the other; nothing is read yet.

    Args:
        sources: at least one, each compared with the model already.

    Raises:
        SamplesError: they differ in shape, dtype, class names, or in whether they have labels.
    """
    if len(sources) == 1:
        return sources[0]
    _check_alike(sources, "shape", lambda source: shown_shape(source.shape))
    _check_alike(sources, "dtype", lambda source: str(source.dtype))
    _check_alike(sources, "class names", lambda source: ", ".join(source.class_names or ("none",)))
    _check_alike(sources, "", lambda source: kind_of_labels(source.labels))
    starts = np.cumsum([0, *(source.count for source in sources)])
    areas: dict[int, int] = {}
    own_hashes = any(source.file_chunks or source.read_stored for source in sources)
    notes = dict.fromkeys(note for source in sources for note in source.notes)
    return replace(
        sources[0],
        read=partial(_read, sources, starts, areas),
        count=int(starts[-1]),
        labels=joined_labels([source.labels for source in sources]),
        classes_by_position=any(source.classes_by_position for source in sources),
        names=partial(_name, sources, starts),
        files=_joined_files(sources),
        noticed=partial(_noticed, sources),
        file_chunks=partial(_chunks, sources, starts) if own_hashes else None,
        read_stored=None,
        hashed=joined_kind([source.hashed for source in sources]),
        areas=areas,
        description=_description(sources),
        notes=(say("{count} sources were concatenated.", count=len(sources)), *notes),
    )


def _check_alike(sources: Sequence[SampleSource], what: str, of: Callable[[SampleSource], str]) -> None:
    first = of(sources[0])
    for source in sources[1:]:
        if of(source) != first:
            received = f"{what} {first} in {sources[0].description} and {of(source)} in {source.description}".strip()
            raise SamplesError(
                f"several --samples must be alike. Received: {received}. Give sources of one kind, or one of them alone."
            )


def _description(sources: Sequence[SampleSource]) -> str:
    return first_of((source.description for source in sources), _NAMED, separator="; ")


def _joined_files(sources: Sequence[SampleSource]) -> SampleFiles | None:
    names: list[str] = []
    kept: list[int] = []
    listed = 0
    for source in sources:
        if source.files is None:
            return None
        names += source.files.names
        kept += [listed + place for place in source.files.kept]
        listed += source.files.listed
    return SampleFiles(tuple(names), tuple(kept), listed)


def _noticed(sources: Sequence[SampleSource]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentence for source in sources for sentence in source.noticed()))


def _chunks(sources: Sequence[SampleSource], starts: np.ndarray, indices: Sequence[int]) -> Iterator[bytes]:
    """Yield what is hashed of ascending samples, source by source."""
    places = [_place(starts, int(index)) for index in indices]
    for number, source in enumerate(sources):
        yield from source.chunks([inside for where, inside in places if where == number])


def _place(starts: np.ndarray, index: int) -> tuple[int, int]:
    """Return which source a sample is in, and its index there."""
    number = int(np.searchsorted(starts, index, side="right")) - 1
    return number, index - int(starts[number])


def _name(sources: Sequence[SampleSource], starts: np.ndarray, index: int) -> str:
    number, inside = _place(starts, index)
    return sources[number].names(inside)


def _read(
    sources: Sequence[SampleSource], starts: np.ndarray, areas: dict[int, int], indices: Sequence[int]
) -> np.ndarray:
    """Return samples (n, *shape) in the order asked for, and note their areas; each source is read once."""
    places = [_place(starts, int(index)) for index in indices]
    batch = np.empty((len(places), *sources[0].shape), sources[0].dtype)
    for number in sorted({number for number, _ in places}):
        positions = [position for position, place in enumerate(places) if place[0] == number]
        inside = [places[position][1] for position in positions]
        batch[positions] = sources[number].read(inside)
        known = sources[number].areas
        areas.update((int(starts[number]) + index, known[index]) for index in inside if index in known)
    return batch
