"""How samples are turned into the order in which they are pictures, and back into what the model takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Sizes = tuple[int | None, ...]


@dataclass(frozen=True)
class Turn:
    """One step on the way from an input to a picture.

    Attributes:
        before: shape of one sample before it; a size may be free where nothing is counted off anew.
        after: shape of one sample after it.
        axes: for each axis afterwards, which one it was, without the batch axis; None where values are only counted off anew.
    """

    before: Sizes
    after: Sizes
    axes: tuple[int, ...] | None

    def apply(self, values: Any, ops: Any) -> Any:
        """Return samples (n, *before) as (n, *after)."""
        if self.axes is None:
            return ops.reshape(values, (-1, *self.after))
        return ops.transpose(values, (0, *(axis + 1 for axis in self.axes)))

    def undo(self, values: Any, ops: Any) -> Any:
        """Return samples (n, *after) as (n, *before)."""
        if self.axes is None:
            return ops.reshape(values, (-1, *self.before))
        return ops.transpose(values, (0, *(self.axes.index(axis) + 1 for axis in range(len(self.axes)))))


@dataclass(frozen=True)
class Arrangement:
    """The steps from a model's input to a picture, rows, columns and channels last; none where the input is one already.

    Attributes:
        turns: the steps, in order.

    Example:
        >>> Arrangement((Turn((3, 24, 20), (24, 20, 3), (1, 2, 0)),)).apply(np.zeros((5, 3, 24, 20))).shape
        (5, 24, 20, 3)
    """

    turns: tuple[Turn, ...] = ()

    def apply(self, values: Any, ops: Any = np) -> Any:
        """Return samples as the model takes them, (n, ...), as pictures (n, ..., channels).

        Args:
            values: an array, or a tensor.
            ops: what reshapes and transposes: numpy, or `keras.ops`.
        """
        for turn in self.turns:
            values = turn.apply(values, ops)
        return values

    def undo(self, values: Any, ops: Any = np) -> Any:
        """Return pictures (n, ..., channels) as the model takes them; arguments are those of `apply`."""
        for turn in reversed(self.turns):
            values = turn.undo(values, ops)
        return values

    def shape_of(self, shape: Sizes) -> Sizes:
        """Return the shape of a sample as a picture, from the one that the model takes."""
        return self.turns[-1].after if self.turns else shape


AS_IT_IS = Arrangement()
"""Nothing is turned."""
