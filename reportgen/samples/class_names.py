"""Class names, in the order of the model's outputs."""

from collections.abc import Sequence
from pathlib import Path

from reportgen.errors import SamplesError
from reportgen.samples.files import existing_path, exists, read_lines
from reportgen.untrusted.escaping import escaped


def read_class_names(class_names: str | Path | Sequence[str] | None) -> tuple[str, ...] | None:
    """Return class names from comma-separated text, a text file with one on each line, or a sequence.

    Raises:
        SamplesError: the file is missing or empty, or a name is empty.
    """
    if class_names is None:
        return None
    if isinstance(class_names, Path):
        names: Sequence[str] = read_lines(existing_path(class_names, "--class-names"))
    elif isinstance(class_names, str):
        is_file = exists(Path(class_names)) or ("," not in class_names and class_names.lower().endswith(".txt"))
        names = read_lines(existing_path(class_names, "--class-names")) if is_file else class_names.split(",")
    else:
        names = class_names
    stripped = tuple(str(name).strip() for name in names)
    if "" in stripped or not stripped:
        received = f"nothing at position {stripped.index('') + 1}" if stripped else "no name"
        raise SamplesError(
            f"class names must not be empty. Received: {received}. Give 'cat,dog' or a text file with one on each line."
        )
    return tuple(escaped(name) for name in stripped)
