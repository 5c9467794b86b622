"""The limits that files must keep, so that a hostile one is refused before it costs time or memory.

The largest network of keras.applications, NASNetLarge, has 1,039 layers, 1.3 MB of configuration and 360 MB of weights.
"""

from __future__ import annotations

import os

CONFIG_BYTES = 16 << 20  # Python needs up to 20 times as much for the parsed lists
CONFIG_DEPTH = 200  # a model nested in a model costs 5
CONFIG_VALUES = 2_000_000
LAYERS = 4_000  # calls of layers, those in nested models counted each time; Keras needs about 2 ms for each
COMPUTED_VALUES = 20_000_000  # that a layer computes when it is built; 1,050,624 for frames of 1,024 samples
VOCABULARY_BYTES = 32 << 20  # of all layers; a million words take about 8 MB
SLOW_LAYERS = {"MultiHeadAttention": 10, "GroupQueryAttention": 10, "Bidirectional": 5, "RandAugment": 5}
SEQUENTIAL_LAYERS = 100  # beyond, a Sequential model is built at the end: Keras otherwise builds it anew for each layer
ARCHIVE_MEMBERS = 10_000
HDF5_OBJECTS = 100_000
HDF5_DEPTH = 100
HEAP_BYTES = 64 << 20
HDF5_ATTRIBUTE_BYTES = 64 << 20
EXPANSION = 100  # unpacked bytes for each packed one, beyond EXPANSION_FLOOR
EXPANSION_FLOOR = 64 << 20
TEXT_BYTES = 1 << 30  # labels of a hundred million samples, one on each line
FALLBACK_MEMORY = 4 << 30


def half_of_memory() -> int:
    """Return half of the machine's memory, in bytes; 4 GiB where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return FALLBACK_MEMORY


HALF_OF_MEMORY = half_of_memory()
"""What a model, or one array of samples, may take in bytes where --memory-limit does not say."""


def over_memory(name: str, size: int, what: str, *, limit: int) -> str:
    """Return the error's text on something that would take more memory than allowed.

    Args:
        name: what is refused, such as a file's name.
        size: bytes that it would take.
        what: follows the size: ' of weights'.
        limit: bytes that it may take.

    Example:
        >>> over_memory("model.keras", 5 << 30, " of weights", limit=1 << 30)
        'model.keras needs more memory than allowed. Received: 5.0 GiB of weights (limit 1.0 GiB). Raise --memory-limit.'
    """
    return (
        f"{name} needs more memory than allowed. Received: {readable(size)}{what} (limit {readable(limit)}). "
        "Raise --memory-limit."
    )


def readable(size: int) -> str:
    """Return a number of bytes in the unit that suits it, such as '1.5 GiB'."""
    value = float(size)
    for unit in ("bytes", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"
