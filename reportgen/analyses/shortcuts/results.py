"""What is said of samples in which one place comes from another sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reportgen.measures.intervals import Rate
from reportgen.results import Becomes, ImageGrid, redactable


@redactable
@dataclass(frozen=True)
class Place:
    """A rectangle of the picture.

    Attributes:
        rows, columns: where it begins and where it ends, in pixels; the end is not part of it.
        area: its share of the picture, in (0, 1].
        variation: its share of the variance over the samples, summed over pixels and channels, in [0, 1].
        swapped: pairs in which both answers change places when this place does; more pairs than of the cells where those left
            open whether it carries answers.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    area: float
    variation: float
    swapped: Rate


@redactable
@dataclass(frozen=True)
class ClassCells:
    """How one class bears it that a cell comes from another sample.

    Attributes:
        name: the class.
        pairs: number of its samples.
        kept: share of them that keep their answer, for each cell, from top to bottom and left to right.
    """

    name: Annotated[str, Becomes("")]
    pairs: int
    kept: tuple[tuple[float, ...], ...]


@redactable
@dataclass(frozen=True)
class ShortcutsResult:
    """The model on samples in which one place comes from a sample that it answers otherwise.

    Attributes:
        pairs: number of samples, each with another one that is answered otherwise.
        available: number of such pairs among the evaluated samples.
        cells: number of cells along each axis.
        kept: share of the answers that stay, for each cell.
        carried: share of the answers that become the other sample's, for each cell.
        place: that square of two by two cells around the strongest cell with which most pairs exchange their answers.
        places: number of such squares in the picture, for which the place's interval is corrected.
        border: width of the border, in pixels along each axis.
        of_border: how often the border alone keeps the answer when all within it comes from the other sample.
        classes: classes with enough pairs, by their number.
        passes: forward passes that all this took.
        maps: share of the answers that stay, cell by cell, of all pairs and of each of `classes`.
    """

    pairs: int
    available: int
    cells: int
    kept: tuple[tuple[float, ...], ...]
    carried: tuple[tuple[float, ...], ...]
    place: Place
    places: int
    border: tuple[int, int]
    of_border: Rate
    classes: tuple[ClassCells, ...]
    passes: int
    maps: Annotated[ImageGrid | None, Becomes(None)]

    @property
    def least_kept(self) -> float:
        """Share of the answers that stay where the cell that matters most comes from another sample."""
        return min(min(row) for row in self.kept)
