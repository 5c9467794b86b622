"""Pixels as a PNG of few bytes: each row filtered, and the whole compressed, in the way that turns out shortest."""

from __future__ import annotations

import struct
import zlib

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INDEXED = 3
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # by samples of a pixel: grey, RGB, RGBA


def png_bytes(pixels: np.ndarray, *, palette: np.ndarray | None = None, transparent: bool = False) -> bytes:
    """Return a PNG of eight bits for each sample.

    Args:
        pixels: (H, W), or (H, W, C) with C of 1 (grey), 3 (RGB) or 4 (RGBA); uint8.
        palette: (K, 3) uint8, the colours of pixels (H, W) that are indices; those after the last one used are left out.
        transparent: whether the palette's first colour is transparent.

    Source: https://www.w3.org/TR/png-3/
    """
    height, width = pixels.shape[:2]
    depth = pixels.shape[2] if pixels.ndim == 3 else 1
    colour_type = _COLOUR_TYPES[depth] if palette is None else _INDEXED
    chunks = [_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0))]
    if palette is not None:
        chunks.append(_chunk(b"PLTE", palette[: int(pixels.max(initial=0)) + 1].tobytes()))
        chunks += [_chunk(b"tRNS", b"\0")] if transparent else []
    chunks += [_chunk(b"IDAT", _compressed(pixels.reshape(height, width * depth), depth)), _chunk(b"IEND", b"")]
    return _SIGNATURE + b"".join(chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _compressed(rows: np.ndarray, depth: int) -> bytes:
    """Return the shortest of three compressed forms.

    Smooth pictures are shortest filtered, flat tiles unfiltered; which one it is, a quick attempt tells. Filtered noise is
    shortest without a search for repetitions, which costs next to nothing.
    """
    filtered = _filtered(rows, depth)
    better = min((np.pad(rows, ((0, 0), (1, 0))).tobytes(), filtered), key=lambda form: len(zlib.compress(form, 1)))
    return min(_deflated(better, zlib.Z_FILTERED), _deflated(filtered, zlib.Z_RLE), key=len)


def _deflated(content: bytes, strategy: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 15, 9, strategy)
    return compressor.compress(content) + compressor.flush()


def _filtered(rows: np.ndarray, depth: int) -> bytes:
    """Return every row with the number of its filter before it: the one with the smallest sum of magnitudes.

    Source: https://www.w3.org/TR/png-3/#9Filters and 12.7, filter selection
    """
    values = rows.astype(np.int16)
    padded = np.pad(values, ((1, 0), (depth, 0)))
    left, above, corner = padded[1:, :-depth], padded[:-1, depth:], padded[:-1, :-depth]
    predicted = (0, left, above, (left + above) // 2, _paeth(left, above, corner))
    differences = np.stack([(values - each).astype(np.uint8) for each in predicted])
    sums = np.abs(differences.view(np.int8).astype(np.int16)).sum(axis=2, dtype=np.int64)
    best = sums.argmin(axis=0)
    return np.column_stack([best.astype(np.uint8), differences[best, np.arange(len(rows))]]).tobytes()


def _paeth(left: np.ndarray, above: np.ndarray, corner: np.ndarray) -> np.ndarray:
    slope = left + above - corner
    distances = [np.abs(slope - each) for each in (left, above, corner)]
    from_left = (distances[0] <= distances[1]) & (distances[0] <= distances[2])
    return np.where(from_left, left, np.where(distances[1] <= distances[2], above, corner))
