"""How sources are named: 'input=SOURCE' for one of several inputs, 'file.npz:NAME' for one of several arrays."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reportgen.errors import SamplesError
from reportgen.messages import first_of
from reportgen.samples.files import HDF5_MAGIC, ZIP_MAGICS, exists, first_bytes, shown_name

_LISTED = 8
_HOLD_ARRAYS = (*ZIP_MAGICS, HDF5_MAGIC, b"MATLAB ")


def sources_by_input(samples: Any, names: Sequence[str]) -> dict[str, list[Any]]:
    """Return the sources of each input, by its name.

    Args:
        samples: one source, a list of file names as from a repeated --samples, or a dictionary of these by input name. A file
            name may be 'input=FILE'.
        names: the model's inputs, in order; none where the model does not tell, so that any names fit.

    Returns:
        In the order of `names`, at least one source each. A single source of a model that does not name its inputs is under ''.

    Raises:
        SamplesError: a name is unknown, an input has no source, or a source has no name where the model has several inputs.
    """
    found: dict[str, list[Any]] = {}
    for name, source in _named_sources(samples, names):
        found.setdefault(name, []).append(source)
    if set(found) == {""} and len(names) < 2:
        return {names[0] if names else "": found[""]}
    if unknown := [name for name in found if name and names and name not in names]:
        raise SamplesError(
            f"samples must be given by the names of the model's inputs, {_listed(names)}. "
            f"Received: {shown_name(unknown[0])}. {_example(names)}"
        )
    if "" in found:
        wanted = f"the names of the model's inputs, {_listed(names)}" if names else "name for all inputs or none"
        raise SamplesError(f"samples must be given by {wanted}. Received: a source without a name. {_example(names)}")
    if missing := [name for name in names if name not in found]:
        raise SamplesError(
            f"samples must be given for every input of the model, {_listed(names)}. Received: none for "
            f"{_listed(missing)}. {_example(missing)}"
        )
    if not found:
        raise SamplesError(f"There are no samples. Received: an empty dictionary. {_example(names)}")
    return {name: found[name] for name in names or found}


def split_input_name(source: str, names: Sequence[str] = ()) -> tuple[str, str]:
    """Return the input's name and the source of 'input=SOURCE', the name '' for a source alone.

    A file of the whole name comes first, and what cannot be a name is part of a path.

    Args:
        source: as given to --samples.
        names: the model's inputs, which may hold any character.
    """
    name, equals, rest = source.partition("=")
    if not equals or not name or not rest or exists(Path(source)):
        return "", source
    is_name = name in names or not any(mark in name for mark in "/\\:")
    return (name, rest) if is_name else ("", source)


def _named_sources(samples: Any, names: Sequence[str]) -> list[tuple[str, Any]]:
    if isinstance(samples, Mapping):
        return [(str(name), source) for name, given in samples.items() for source in _each(given)]
    return [split_input_name(source, names) if isinstance(source, str) else ("", source) for source in _each(samples)]


def _each(given: Any) -> list[Any]:
    """Return the file names of a list of them one by one; anything else is a single source."""
    several = isinstance(given, list) and given and all(isinstance(one, str | Path) for one in given)
    return list(given) if several else [given]


def _listed(names: Sequence[str]) -> str:
    return first_of(map(shown_name, names), _LISTED)


def _example(names: Sequence[str]) -> str:
    shown = [shown_name(name) for name in names[:3]] or ["NAME"]
    return f"Give {' '.join(f'--samples {name}=SOURCE' for name in shown)}."


def split_array_name(source: str | Path) -> tuple[Path, str | None]:
    """Return the file and the array's name of `file.npz:NAME` or `file.h5:NAME`; without one the name is None.

    Names with a colon are left whole unless what is before it is an archive, or a file of MATLAB, that exists.
    """
    text = str(source)
    if not exists(Path(text)):
        for position in (place for place, character in enumerate(text) if character == ":"):
            path = Path(text[:position])
            if exists(path) and path.is_file() and first_bytes(path).startswith(_HOLD_ARRAYS):
                return path, text[position + 1 :]
    return Path(text), None
