"""Files with several arrays: which one holds the samples and which one their labels, by name and by the model's shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.files import base_name, shown_name
from reportgen.samples.readers.reader import GivenFile
from reportgen.samples.shapes import fits

_PREFERRED_SAMPLES = ("x_test", "x", "x_val", "x_train", "images")
_PREFERRED_LABELS = ("y_test", "y", "y_val", "y_train", "labels")
_PARTS = {"test": 0, "val": 2, "valid": 2, "validation": 2, "dev": 2, "train": 3, "training": 3}
_ANY_PART = 1
_SAMPLE_WORDS = frozenset({"x", "image", "images", "img", "imgs", "data", "features", "samples", "inputs", "pixels"})
_LABEL_WORDS = frozenset({"y", "label", "labels", "target", "targets", "class"})


def choose(file: GivenFile, shapes: Mapping[str, tuple[int, ...]]) -> tuple[str, tuple[str, ...]]:
    """Return the array that holds the samples (or the labels, where these are wanted) and a note when there were others.

    Of several arrays those come first that the model's input fits, then those whose name says that they are for tests.

    Args:
        file: what was given.
        shapes: by name, the shape of each array that may be meant.

    Raises:
        SamplesError: several are as likely.
    """
    candidates = [name for name in shapes if is_label_name(name) == file.labels]
    if file.labels and not candidates and len(shapes) == 1:
        candidates = list(shapes)
    if file.input_shape is not None and not file.labels:
        candidates = [name for name in candidates if fits(shapes[name][1:], file.input_shape)] or candidates
    if len(candidates) == 1:
        return candidates[0], ()
    listed = ", ".join(shown_name(name) for name in (candidates or list(shapes))[:12]) or "none"
    preferred = _PREFERRED_LABELS if file.labels else _PREFERRED_SAMPLES
    ranked = sorted((_rank(name, preferred), name) for name in candidates)
    if ranked and (len(ranked) == 1 or ranked[0][0] < ranked[1][0]):
        chosen = ranked[0][1]
        return chosen, (say("Array {array} was chosen from {listed}.", array=shown_name(chosen), listed=listed),)
    raise SamplesError(
        f"{base_name(file.path)} does not say which array holds the {'labels' if file.labels else 'samples'}. "
        f"Received: {listed}. Name it: {base_name(file.path)}:NAME."
    )


def is_label_name(name: str) -> bool:
    """Return whether an array of this name holds labels."""
    lower = name.lower().rpartition("/")[2]
    return lower == "y" or lower.startswith("y_") or lower.endswith("_y") or "label" in lower or "target" in lower


def labels_name(name: str, names: Iterable[str]) -> str | None:
    """Return the array beside `name` that by its name holds the labels: y_test beside x_test, labels beside images."""
    names = list(names)
    candidates = {other: _without(other, _LABEL_WORDS) for other in names if is_label_name(other)}
    own = _without(name, _SAMPLE_WORDS)
    for other, rest in candidates.items():
        if rest == own and own != _words(name):
            return other
    # Of a single array of samples whatever is called labels can only be its own
    if sum(not is_label_name(other) for other in names) == 1:
        return next((other for other, rest in candidates.items() if not rest), None)
    return None


def _rank(name: str, preferred: tuple[str, ...]) -> tuple[int, int]:
    lower = name.lower().rpartition("/")[2]
    if lower in preferred:
        return (0, preferred.index(lower))
    return (1, min((_PARTS[word] for word in _words(name) if word in _PARTS), default=_ANY_PART))


def _words(name: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[^0-9a-z]+", name.lower()) if word)


def _without(name: str, words: frozenset[str]) -> tuple[str, ...]:
    return tuple(word for word in _words(name) if word not in words)
