"""What every reader of a sample format offers: whether a file is of it, and what the file holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reportgen.samples.class_names import ClassNames
from reportgen.samples.labels import Accepts, GivenLabels
from reportgen.samples.shapes import InputShape
from reportgen.samples.source import SampleSource
from reportgen.untrusted.limits import HALF_OF_MEMORY


@dataclass(frozen=True, kw_only=True)
class GivenFile:
    """What was given to --samples or --labels, looked at and not yet opened.

    Attributes:
        path: where it should be; only the name of a data set need not exist.
        array: NAME in 'file.npz:NAME'; None where no array is named.
        head: the file's first 16 bytes, fewer if it is shorter; b'' for folders.
        labels: whether labels are wanted rather than samples with their labels.
        input_shape: the model's, without the batch axis, by which one of several arrays is chosen; None where it is not known.
        memory_limit: bytes that an array may take.
    """

    path: Path
    array: str | None = None
    head: bytes = b""
    labels: bool = False
    input_shape: InputShape | None = None
    memory_limit: int = HALF_OF_MEMORY


class Found(Protocol):
    """Samples that were found, not yet compared with the model: a `StoredArray` or `ImageFiles`."""

    def without_labels(self) -> Found:
        """Return the samples without the labels found with them, and a note that they were left out."""

    def source(self, accepts: Accepts, *, labels: GivenLabels | None, class_names: ClassNames | None) -> SampleSource:
        """Return the samples as the model takes them, ready to be read.

        Args:
            accepts: what the model and the options allow.
            labels: labels that come before those found, or None.
            class_names: names that come before those found, or None.

        Raises:
            SamplesError: the samples or the labels do not fit.
        """


class Reader(Protocol):
    """One format of sample files. To add one: a module with such a class, and its line in `READERS`."""

    def match(self, file: GivenFile) -> bool:
        """Return whether the file is of this format, by its first bytes or its name."""

    def open(self, file: GivenFile) -> Found:
        """Return what the file holds.

        Raises:
            SamplesError: it cannot be read.
        """
