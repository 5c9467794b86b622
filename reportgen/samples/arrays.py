"""Array files: which array of a file holds the samples, and which one their labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.files import base_name, existing_path, exists, first_bytes, shown_name
from reportgen.samples.idx import GZIP_MAGIC, is_idx, labels_beside, read_idx
from reportgen.samples.labels import GivenLabels
from reportgen.samples.npy import NPY_MAGIC, ZIP_MAGICS, npz_headers, read_npy, read_npz_array
from reportgen.untrusted import limits

_PREFERRED_SAMPLES = ("x_test", "x", "x_val", "x_train", "images")
_PREFERRED_LABELS = ("y_test", "y", "y_val", "y_train", "labels")


@dataclass(frozen=True, kw_only=True)
class StoredArray:
    """An array with what belongs to it, not yet compared with the model.

    Attributes:
        values: (N, ...), perhaps memory-mapped.
        name: shown before an index: 'x_test' in 'x_test[3]'.
        description: where it is: 'samples.npz, array x_test'.
        labels: found beside it, or None.
        class_names: known from the source, in the order of the labels, or None.
        class_names_note: where these come from, one sentence; '' where the page need not say so.
        notes: what was chosen, one sentence each.
    """

    values: np.ndarray
    name: str
    description: str
    labels: GivenLabels | None = None
    class_names: tuple[str, ...] | None = None
    class_names_note: str = ""
    notes: tuple[str, ...] = ()


def read_array(
    source: str | Path, *, labels: bool = False, memory_limit: int = limits.HALF_OF_MEMORY
) -> StoredArray | None:
    """Return the array of a `.npy`, `.npz` or IDX file, or None when the file is none of these.

    Args:
        source: a file, or `file.npz:NAME` for one array of it.
        labels: whether labels are wanted rather than samples with their labels.
        memory_limit: bytes that an array may take.

    Raises:
        SamplesError: no such file, it cannot be read, or it does not say which of its arrays is meant.
    """
    path, array_name = split_array_name(source)
    if existing_path(path, "--labels" if labels else "--samples").is_dir():
        return None
    head = first_bytes(path)
    if head.startswith(ZIP_MAGICS):
        return _read_npz(path, array_name, labels=labels, memory_limit=memory_limit)
    if head.startswith(NPY_MAGIC) or path.suffix.lower() == ".npy":
        stem = shown_name(path.name.removesuffix(".npy"))
        return StoredArray(values=read_npy(path), name=stem, description=base_name(path))
    if path.suffix.lower() == ".npz":
        raise SamplesError(
            f"{base_name(path)} is not a NumPy archive. Received: first bytes {head.hex(' ') or 'none'}. "
            "Save it again with numpy.savez."
        )
    if is_idx(head) or head.startswith(GZIP_MAGIC):
        return _read_idx_with_labels(path, labels=labels, memory_limit=memory_limit)
    return None


def split_array_name(source: str | Path) -> tuple[Path, str | None]:
    """Return the file and the array's name of `file.npz:NAME`; without one the name is None.

    Names with a colon are left whole unless what is before it is an archive that exists.
    """
    text = str(source)
    if not exists(Path(text)):
        for position in (place for place, character in enumerate(text) if character == ":"):
            path = Path(text[:position])
            if exists(path) and path.is_file() and first_bytes(path).startswith(ZIP_MAGICS):
                return path, text[position + 1 :]
    return Path(text), None


def _read_npz(path: Path, array_name: str | None, *, labels: bool, memory_limit: int) -> StoredArray:
    headers = npz_headers(path)
    notes: tuple[str, ...] = ()
    name = array_name
    if name is None:
        kinds = "buifU" if labels else "buif"
        usable = [key for key, header in headers.items() if header is not None and header.dtype.kind in kinds]
        # Without a usable array one that is not is read, for the error that says why it cannot be
        name, notes = _choose(path, usable or list(headers), labels=labels)
    values = read_npz_array(path, name, memory_limit=memory_limit)
    beside = None if labels else _labels_name(name, headers)
    return StoredArray(
        values=values,
        name=shown_name(name),
        description=say("{file}, array {array}", file=base_name(path), array=shown_name(name)),
        labels=None
        if beside is None
        else GivenLabels(
            read_npz_array(path, beside, memory_limit=memory_limit),
            say("array {labels} beside {samples}", labels=shown_name(beside), samples=shown_name(name)),
        ),
        notes=notes,
    )


def _choose(path: Path, names: list[str], *, labels: bool) -> tuple[str, tuple[str, ...]]:
    """Return the array that holds the samples (or the labels) and a note when there were others."""
    preferred = _PREFERRED_LABELS if labels else _PREFERRED_SAMPLES
    candidates = [name for name in names if _is_label_name(name) == labels]
    if labels and not candidates and len(names) == 1:
        candidates = names
    if len(candidates) == 1:
        return candidates[0], ()
    listed = ", ".join(shown_name(name) for name in (candidates or names)[:12]) or "none"
    for wanted in preferred:
        for name in candidates:
            if name.lower() == wanted:
                return name, (say("Array {array} was chosen from {listed}.", array=shown_name(name), listed=listed),)
    what = "labels" if labels else "samples"
    raise SamplesError(
        f"{base_name(path)} does not say which array holds the {what}. Received: {listed}. "
        f"Name it: {base_name(path)}:NAME."
    )


def _is_label_name(name: str) -> bool:
    lower = name.lower()
    return lower == "y" or lower.startswith("y_") or "label" in lower or "target" in lower


def _labels_name(name: str, names: Iterable[str]) -> str | None:
    """Return the array beside `name` that by its name holds the labels: y_test beside x_test, labels beside images."""
    lower = name.lower()
    wanted: list[str] = []
    if lower == "x" or lower.startswith("x_"):
        wanted = ["y" + lower[1:]]
    elif "image" in lower:
        stem = lower.replace("images", "image")
        wanted = [stem.replace("image", "labels"), stem.replace("image", "label")]
    # Of a single array of samples whatever is called labels can only be its own
    if sum(not _is_label_name(other) for other in names) == 1:
        wanted += ["y", "labels", "label"]
    by_lower = {other.lower(): other for other in names}
    return next((by_lower[candidate] for candidate in wanted if candidate in by_lower), None)


def _read_idx_with_labels(path: Path, *, labels: bool, memory_limit: int) -> StoredArray:
    beside = None if labels else labels_beside(path)
    return StoredArray(
        values=read_idx(path, memory_limit=memory_limit),
        name=shown_name(path.name.removesuffix(".gz")),
        description=base_name(path),
        labels=None
        if beside is None
        else GivenLabels(
            read_idx(beside, memory_limit=memory_limit),
            say("{labels} beside {samples}", labels=base_name(beside), samples=base_name(path)),
        ),
    )
