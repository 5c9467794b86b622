"""Several sources of one kind as one, read piece by piece."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import first_of, say
from reportgen.samples.fingerprint import chunks_of, joined_kind
from reportgen.samples.labels import GivenLabels, joined_labels, kind_of_labels
from reportgen.samples.sample_source import SampleSource
from reportgen.samples.shapes import shown_shape

_NAMED = 3


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
    notes = dict.fromkeys(note for source in sources for note in source.notes)
    return replace(
        sources[0],
        read=partial(_read, sources, starts),
        count=int(starts[-1]),
        labels=joined_labels([source.labels for source in sources]),
        names=partial(_name, sources, starts),
        file_names=_file_names(sources),
        noticed=partial(_noticed, sources),
        chunks=partial(_chunks, sources, starts) if any(source.chunks for source in sources) else None,
        hashed=joined_kind([source.hashed for source in sources]),
        description=_description(sources),
        kept=None,
        listed=0,
        notes=(say("{count} sources were put one after the other.", count=len(sources)), *notes),
    )


def labels_of_kept(given: GivenLabels, files: Sequence[tuple[int, Sequence[int]]]) -> GivenLabels:
    """Return the labels of the samples that could be read, of labels given for all files of several sources.

    Args:
        given: labels as found; others than one for each file are returned as they are.
        files: each source's number of files, and the places of those that could be read, in the order of the labels.
    """
    total, count = sum(listed for listed, _ in files), sum(len(kept) for _, kept in files)
    heading = len(given.values) - total if given.values.dtype.kind == "U" else 0
    if total == count or heading not in (0, 1) or len(given.values) != total + heading:
        return given
    starts = np.cumsum([heading, *(listed for listed, _ in files)])
    places = [start + place for start, (_, kept) in zip(starts, files, strict=False) for place in kept]
    return replace(given, values=given.values[[*range(heading), *places]])


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


def _file_names(sources: Sequence[SampleSource]) -> tuple[str, ...] | None:
    if any(source.file_names is None for source in sources):
        return None
    return tuple(name for source in sources for name in source.file_names or ())


def _noticed(sources: Sequence[SampleSource]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentence for source in sources for sentence in source.noticed()))


def _chunks(sources: Sequence[SampleSource], starts: np.ndarray, indices: Sequence[int]) -> Iterator[bytes]:
    """Yield what is hashed of ascending samples, source by source."""
    places = [_place(starts, int(index)) for index in indices]
    for number, source in enumerate(sources):
        yield from chunks_of(source, [inside for where, inside in places if where == number])


def _place(starts: np.ndarray, index: int) -> tuple[int, int]:
    """Return which source a sample is in, and its index there."""
    number = int(np.searchsorted(starts, index, side="right")) - 1
    return number, index - int(starts[number])


def _name(sources: Sequence[SampleSource], starts: np.ndarray, index: int) -> str:
    number, inside = _place(starts, index)
    return sources[number].names(inside)


def _read(sources: Sequence[SampleSource], starts: np.ndarray, indices: Sequence[int]) -> np.ndarray:
    """Return samples (n, *shape) in the order asked for; each source is read once."""
    places = [_place(starts, int(index)) for index in indices]
    batch = np.empty((len(places), *sources[0].shape), sources[0].dtype)
    for number in sorted({number for number, _ in places}):
        positions = [position for position, place in enumerate(places) if place[0] == number]
        batch[positions] = sources[number].read([places[position][1] for position in positions])
    return batch
