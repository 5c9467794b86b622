"""Batch normalisations among the arrays of a file whose model is not run: known by the arrays' names, or by the layer's class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from reportgen.reading.containers import DatasetEntry

MOVING_MEAN, MOVING_VARIANCE, GAMMA = "moving_mean", "moving_variance", "gamma"
_WANTED = (GAMMA, MOVING_MEAN, MOVING_VARIANCE)
_MOST_CHANNELS = 1 << 20


@dataclass(frozen=True)
class StoredNormalization:
    """One batch normalisation of C channels that is not run.

    Attributes:
        path: the layer's path.
        mean, variance: the moving statistics, (C,).
        gamma: scale, (C,), or None where there is none, or where the file does not tell scale and offset apart.
    """

    path: str
    mean: np.ndarray
    variance: np.ndarray
    gamma: np.ndarray | None


@dataclass(frozen=True)
class NormalizationPlaces:
    """Where the arrays of one batch normalisation lie.

    Attributes:
        path: the layer's path.
        places: the array's place by what it is: 'moving_mean', 'moving_variance', and 'gamma' where it is known.
    """

    path: str
    places: Mapping[str, str]


def named_places(
    arrays: Iterable[tuple[str, str, str]], entries: Mapping[str, DatasetEntry]
) -> Iterator[NormalizationPlaces]:
    """Yield the batch normalisations among named arrays.

    Args:
        arrays: layer path, name such as 'moving_mean', and place of each array.
        entries: all arrays by place.
    """
    found: dict[str, dict[str, str]] = {}
    for path, name, place in arrays:
        if name in _WANTED and place in entries:
            found.setdefault(path, {}).setdefault(name, place)
    yield from (NormalizationPlaces(path, places) for path, places in found.items() if _are_whole(places, entries))


def numbered_places_of(
    path: str, places: list[str], entries: Mapping[str, DatasetEntry], *, has_scale: bool | None
) -> NormalizationPlaces | None:
    """Return the batch normalisation whose arrays are numbered; None where they are not those of one.

    Source: `build` of keras.layers.BatchNormalization, which adds gamma, beta, moving_mean and moving_variance.

    Args:
        path: the layer's path.
        places: the places of the layer's arrays, in the order of their numbers.
        entries: all arrays by place.
        has_scale: whether the layer scales; None where the file does not say, as three arrays alone do not.
    """
    if not 2 <= len(places) <= 4:
        return None
    named = {MOVING_MEAN: places[-2], MOVING_VARIANCE: places[-1]}
    if len(places) == 4 or (len(places) == 3 and has_scale):
        named[GAMMA] = places[0]
    return NormalizationPlaces(path, named) if _are_whole(named, entries) else None


def _are_whole(places: Mapping[str, str], entries: Mapping[str, DatasetEntry]) -> bool:
    """Return whether mean and variance are there, and all arrays have one value for each channel."""
    shapes = {entries[place].shape for place in places.values()}
    statistics = MOVING_MEAN in places and MOVING_VARIANCE in places
    return statistics and len(shapes) == 1 and all(len(shape) == 1 and shape[0] <= _MOST_CHANNELS for shape in shapes)


def with_values(found: NormalizationPlaces, values: Mapping[str, np.ndarray]) -> StoredNormalization:
    """Return a batch normalisation with its arrays.

    Args:
        found: where they lie.
        values: the arrays by place.
    """
    gamma = found.places.get(GAMMA)
    return StoredNormalization(
        path=found.path,
        mean=values[found.places[MOVING_MEAN]],
        variance=values[found.places[MOVING_VARIANCE]],
        gamma=None if gamma is None else values[gamma],
    )
