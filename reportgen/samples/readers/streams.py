"""Samples that come one after the other: a `tf.data.Dataset`, a generator or another iterator."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.files import shown_name
from reportgen.samples.labels import GivenLabels
from reportgen.samples.readers.arrays import StoredArray
from reportgen.samples.shapes import InputShape, matches
from reportgen.untrusted import limits

_ORIGIN = say("the labels given with the samples")


def is_stream(samples: object) -> bool:
    """Return whether samples come one after the other."""
    return isinstance(samples, Iterator) or _is_dataset(samples)


def _is_dataset(samples: object) -> bool:
    return isinstance(samples, Iterable) and hasattr(samples, "element_spec") and hasattr(samples, "take")


def read_stream(
    samples: Any,
    *,
    input_shapes: Mapping[str, InputShape],
    most: int | None,
    memory_limit: int = limits.HALF_OF_MEMORY,
) -> dict[str, StoredArray]:
    """Return the samples of a stream by input, '' where they were not named, with their labels.

    Args:
        samples: yields samples or batches of them; or tuples of these and their labels (and weights, which are not read); or
            dictionaries by input name in place of samples.
        input_shapes: one sample's shape by input name, to tell a sample from a batch; empty where they are not known: then
            batches are expected.
        most: stop after so many samples; None reads to the end.
        memory_limit: bytes that the samples may take together.

    Raises:
        SamplesError: nothing came, its parts differ in shape, or it does not end.
    """
    kind = "tf.data.Dataset" if _is_dataset(samples) else shown_name(type(samples).__name__)
    parts: dict[str, list[np.ndarray]] = {}
    labels: list[np.ndarray] = []
    count = size = 0
    for element in samples:
        given, beside = _split(element)
        batch, batched = _as_batches(given, input_shapes)
        for name, values in batch.items():
            parts.setdefault(name, []).append(values)
            size += values.nbytes
        if beside is not None:
            labels.append(beside if batched else beside[None])
        count += len(next(iter(batch.values())))
        if size > memory_limit:
            raise SamplesError(
                f"samples of a {kind} are kept in memory, at most {limits.readable(memory_limit)} of them. Received: more, in "
                f"{count} samples. Give fewer, for instance by .take(1000), or a selection that needs no pass over all, "
                "first:N, or raise --memory-limit."
            )
        if most is not None and count >= most:
            break
    if not count:
        raise SamplesError(f"There are no samples. Received: a {kind} that yields nothing. Give at least one.")
    stopped = most is not None and count >= most
    note = say("Reading stopped after {count} samples (--max-evaluated).", count=most) if stopped else ""
    return _joined(parts, labels, kind, most, note)


def _joined(
    parts: Mapping[str, list[np.ndarray]], labels: list[np.ndarray], kind: str, most: int | None, note: str
) -> dict[str, StoredArray]:
    """Return what was read as arrays, cut to `most` samples."""
    try:
        arrays = {name: np.concatenate(values)[:most] for name, values in parts.items()}
        beside = np.concatenate(labels)[:most] if labels else None
    except ValueError as error:
        raise SamplesError(
            f"samples of a {kind} must be of one shape. Received: samples or labels of several. Resize or pad them."
        ) from error
    return {
        name: StoredArray(
            values=values,
            name=shown_name(name) or "samples",
            description=kind,
            labels=None if beside is None else GivenLabels(beside, _ORIGIN),
            notes=(note,) if note else (),
        )
        for name, values in arrays.items()
    }


def _split(element: Any) -> tuple[Any, np.ndarray | None]:
    """Return the samples of an element, and the labels that came with them."""
    if isinstance(element, tuple | list) and len(element) in (1, 2, 3):
        return element[0], _numbers(element[1]) if len(element) > 1 else None
    return element, None


def _as_batches(given: Any, shapes: Mapping[str, InputShape]) -> tuple[dict[str, np.ndarray], bool]:
    """Return samples by input name with their batch axis, and whether they came with one."""
    found = {"": _numbers(given)}
    if isinstance(given, Mapping):
        found = {str(name): _numbers(values) for name, values in given.items()}
    if not found or any(values.ndim == 0 for values in found.values()):
        raise SamplesError(
            "samples must be arrays, one for each input. Received: a single number or nothing. Give arrays (N, ...)."
        )
    name, values = next(iter(found.items()))
    shape = shapes.get(name, next(iter(shapes.values())) if len(shapes) == 1 else None)
    if shape is None or not _is_sample(values.shape, shape):
        return found, True
    return {key: each[None] for key, each in found.items()}, False


def _is_sample(shape: tuple[int, ...], input_shape: InputShape) -> bool:
    return matches(shape, input_shape) or (input_shape[-1:] == (1,) and matches((*shape, 1), input_shape))


def _numbers(values: Any) -> np.ndarray:
    return np.asarray(values.numpy() if hasattr(values, "numpy") else values)
