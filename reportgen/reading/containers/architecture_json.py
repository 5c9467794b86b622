"""An architecture as JSON, as `model.to_json()` gives it, without weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reportgen.messages import say
from reportgen.reading.containers.config_json import parse_config, read_config
from reportgen.reading.containers.formats import Contents, Match, ModelFile, ModelFormat, shown_version
from reportgen.untrusted.escaping import shown

BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"


class ArchitectureJson(ModelFormat):
    """A file of JSON with a model's configuration."""

    label = say("architecture as JSON, without weights")
    stands_alone = True

    def match(self, path: Path, head: bytes) -> Match | None:
        """Return the path of a file that begins as a model's configuration does."""
        return (path, ()) if head.lstrip(BEFORE_JSON)[:1] == b"{" and b'"class_name"' in head else None

    @contextmanager
    def open(self, file: ModelFile, *, memory_limit: int, verify: bool = False) -> Iterator[Contents]:
        """Yield the configuration."""
        config = parse_config(read_config(file.path), what=shown(file.name))
        yield Contents(config, _version(config) if isinstance(config, dict) else None)


def _version(config: dict[str, Any]) -> str | None:
    """Return the version that wrote a configuration: Keras 3 says where the class is from in place of its version."""
    written = config.get("keras_version", "3" if isinstance(config.get("module"), str) else None)
    return shown_version(written)
