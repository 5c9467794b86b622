"""Patches of samples, cut where a channel answered."""

from __future__ import annotations

import numpy as np

from reportgen.measures.tiles import block_means, pictures_of, reduction_for, strongest, value_range
from reportgen.models.passes import SAMPLES_KEPT, Placement, TopPositions
from reportgen.results import Palette
from reportgen.run.evaluation import EvaluatedSamples

_WIDE = 4  # times as wide as high is a patch along time, at least
_WHOLE = 2**30  # pixels: samples are not reduced before they are cut


def excited_channels(values: np.ndarray, most: int) -> tuple[int, ...]:
    """Return the channels with the largest answers, at most so many, ascending; those never above zero are left out.

    Args:
        values: (k, channels) float32, falling along the first axis.
        most: number of channels.
    """
    usable = np.where(np.isfinite(values[0]) & (values[0] > 0), values[0], -np.inf)
    return strongest(usable, min(most, int(np.isfinite(usable).sum())))


def cut_patches(
    top: TopPositions,
    placed: Placement,
    channels: tuple[int, ...],
    samples: EvaluatedSamples,
    *,
    pixels: int,
    most: int = SAMPLES_KEPT,
) -> tuple[np.ndarray, Palette, tuple[float, float]]:
    """Return the patches of some channels, as stored, with the palette and value range of their pictures.

    Args:
        top: where the channels answer most.
        placed: the pixels that one answer sees.
        channels: n of them.
        samples: the evaluated samples.
        pixels: most pixels that all patches may have; larger ones shrink to means of blocks.
        most: patches of each channel, k at the most.

    Returns:
        (n, k, height, width) float32, or (n, k, height, width, 3) in colour; NaN beyond a sample's edge, and all NaN
        where fewer than k samples were evaluated. Along time a patch has a row for each channel, repeated where there are few;
        of a volume it is the middle slice of what an answer sees, across its first axis.
    """
    positions = sorted({int(position) for channel in channels for position in top.samples[:most, channel]})
    stored = samples.read(positions)
    axes = len(top.size)
    if axes == 3:
        values, palette, ends = stored.mean(axis=-1, dtype=np.float32), Palette.GREY, value_range(stored)
    else:
        drawn = pictures_of(stored, pixels=_WHOLE)
        if drawn is None:
            raise ValueError(f"samples must be images. Received: shape {stored.shape}.")
        values, palette, ends = drawn.values, drawn.palette, drawn.value_range
    at = {position: values[number] for number, position in enumerate(positions)}
    ranks = min(most, len(top.values))
    height, width = (values.shape[1], *placed.size) if axes == 1 else placed.size[-2:]
    factor = reduction_for(len(channels) * ranks, height, width, pixels)
    flat = np.stack(
        [
            _patch(at[int(top.samples[rank, channel])], placed.window(_place(top, rank, channel)), factor)
            for channel in channels
            for rank in range(ranks)
        ]
    )
    if axes == 1:
        flat = flat.repeat(max(flat.shape[2] // (_WIDE * flat.shape[1]), 1), axis=1)
    return flat.reshape(len(channels), -1, *flat.shape[1:]), palette, ends


def _patch(image: np.ndarray, window: tuple[slice, ...], factor: int) -> np.ndarray:
    """Return a patch as a picture, shrunk: of a signal (channels, steps) all its rows, of a volume the middle slice."""
    if len(window) == 1:
        return _shrunk(image, (slice(0, len(image)), *window), factor)
    if len(window) == 2:
        return _shrunk(image, window, factor)
    middle = (window[0].start + window[0].stop) // 2
    inside = 0 <= middle < len(image)
    return _shrunk(image[middle] if inside else np.full_like(image[0], np.nan), window[1:], factor)


def _shrunk(image: np.ndarray, window: tuple[slice, ...], factor: int) -> np.ndarray:
    """Return the means of a window's blocks, as of `cut` and `block_means`.

    What lies beyond the image is not cut: the last layers of DenseNet121 see 2,071 pixels of pictures that have 224.
    """
    sizes = tuple(-(-(part.stop - part.start) // factor) for part in window)
    whole = np.full((*sizes, *image.shape[2:]), np.nan, np.float32)
    touched = [
        slice(max(-part.start, 0) // factor, max(min(-(-(length - part.start) // factor), size), 0))
        for part, length, size in zip(window, image.shape, sizes, strict=False)
    ]
    if all(part.stop > part.start for part in touched):
        seen = tuple(
            slice(part.start + blocks.start * factor, min(part.start + blocks.stop * factor, part.stop))
            for part, blocks in zip(window, touched, strict=True)
        )
        whole[tuple(touched)] = block_means(cut(image, seen)[None], factor)[0]
    return whole


def _place(top: TopPositions, rank: int, channel: int) -> tuple[int, ...]:
    return tuple(int(index) for index in np.unravel_index(top.places[rank, channel], top.size))


def cut(image: np.ndarray, window: tuple[slice, ...]) -> np.ndarray:
    """Return a window of an image, float32; NaN where it lies beyond the edge.

    Args:
        image: (height, width) or (height, width, channels) numbers.
        window: rows and columns; either may begin below zero or end beyond the image.
    """
    sizes = tuple(part.stop - part.start for part in window)
    patch = np.full((*sizes, *image.shape[2:]), np.nan, np.float32)
    inside = [
        slice(max(part.start, 0), max(min(part.stop, size), 0)) for part, size in zip(window, image.shape, strict=False)
    ]
    here = [slice(now.start - part.start, now.stop - part.start) for now, part in zip(inside, window, strict=True)]
    if all(part.stop > part.start for part in inside):
        patch[tuple(here)] = image[tuple(inside)]
    return patch
