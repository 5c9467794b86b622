"""A .keras archive that was unzipped into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from reportgen.messages import say
from reportgen.reading.containers.config_json import read_config
from reportgen.reading.containers.formats import Contents, Match, ModelFile, ModelFormat, is_file
from reportgen.reading.containers.keras_archive import (
    ASSETS,
    CONFIG,
    METADATA,
    VOCABULARY,
    WEIGHTS,
    ArchiveContents,
    archive_contents,
    vocabulary_place,
)
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import shown


class KerasFolder(ModelFormat):
    """A folder with the members of a .keras archive."""

    label = say("Keras v3 archive, unzipped into a folder")

    def match(self, path: Path, head: bytes) -> Match | None:
        """Return a folder with configuration and weights, and its files that are read."""
        if not is_file(path / CONFIG) or not is_file(path / WEIGHTS):
            return None
        members = tuple(path / name for name in (CONFIG, METADATA, WEIGHTS) if (path / name).exists())
        return path, (*members, *_vocabularies(path).values())

    @contextmanager
    def open(self, file: ModelFile, *, memory_limit: int, verify: bool = False) -> Iterator[Contents]:
        """Yield configuration and weights; there is no checksum."""
        with (file.path / WEIGHTS).open("rb") as weights:
            metadata = file.path / METADATA
            folder = ArchiveContents(
                config=read_config(file.path / CONFIG),
                metadata=read_config(metadata) if metadata.is_file() else b"",
                weights=weights,
                members=(),
                vocabularies={place: read_config(file) for place, file in _vocabularies(file.path).items()},
            )
            yield from archive_contents(folder, name=shown(file.name), memory_limit=memory_limit)


def _vocabularies(folder: Path) -> dict[str, Path]:
    """Return the files of vocabularies in an unzipped archive, in the order of their names, by the layer's place."""
    files = sorted(islice((folder / ASSETS).rglob(VOCABULARY), limits.ARCHIVE_MEMBERS))
    places = {vocabulary_place(file.relative_to(folder).as_posix()): file for file in files if is_file(file)}
    return {place: file for place, file in places.items() if place is not None}
