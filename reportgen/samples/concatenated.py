"""Several sources of one kind as one, read piece by piece."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from reportgen.errors import SamplesError
from reportgen.samples.labels import GivenLabels, to_class_indices, to_targets
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
    _check_alike(sources, "", lambda source: "labels" if source.labels is not None else "no labels")
    _check_alike(sources, "", lambda source: "targets" if source.targets is not None else "no targets")
    starts = np.cumsum([0, *(source.count for source in sources)])
    notes = dict.fromkeys(note for source in sources for note in source.notes)
    return replace(
        sources[0],
        read=partial(_read, sources, starts),
        count=int(starts[-1]),
        labels=_joined([source.labels for source in sources]),
        targets=_joined([source.targets for source in sources]),
        names=partial(_name, sources, starts),
        description=_description(sources),
        notes=(f"{len(sources)} sources were put one after the other.", *notes),
    )


def with_labels(source: SampleSource, given: GivenLabels, *, targets: bool) -> SampleSource:
    """Return samples with labels that were given for all of them together.

    Args:
        source: without labels of its own.
        given: labels as found.
        targets: whether they may be any numbers, as for a model with a single output.

    Raises:
        SamplesError: the labels do not fit.
    """
    numbers = to_targets(given, count=source.count) if targets else None
    if numbers is not None:
        note = f"Labels: {given.origin}. They are no class numbers, so they were taken as what the single output should be."
        return replace(source, targets=numbers, notes=(*source.notes, note))
    labels, notes = to_class_indices(given, count=source.count, class_names=source.class_names)
    kept = tuple(note for note in source.notes if not note.startswith("Labels:"))
    return replace(source, labels=labels, notes=(*kept, *notes))


def _check_alike(sources: Sequence[SampleSource], what: str, of: Callable[[SampleSource], str]) -> None:
    first = of(sources[0])
    for source in sources[1:]:
        if of(source) != first:
            received = f"{what} {first} in {sources[0].description} and {of(source)} in {source.description}".strip()
            raise SamplesError(
                f"several --samples must be alike. Received: {received}. Give sources of one kind, or one of them alone."
            )


def _joined(parts: Sequence[np.ndarray | None]) -> np.ndarray | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known else None


def _description(sources: Sequence[SampleSource]) -> str:
    named = "; ".join(source.description for source in sources[:_NAMED])
    return f"{named}; and {len(sources) - _NAMED} more" if len(sources) > _NAMED else named


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
