"""The running model and the samples on their way into it, for analyses that run it more than the one pass that serves all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from reportgen.models.passes.compiled import CompiledModel
from reportgen.models.passes.repeated import RepeatedPass


@dataclass(frozen=True)
class LiveModel:
    """A model that can be run on the evaluated samples.

    Attributes:
        model: the `keras.Model`, or `OneOutput` or `CompiledModel` of it, called with what `EvaluatedSamples.pack` returns.
            Whoever changes anything about it must undo that, also after an error.
        layers: the layers by path, as `named_layers` returns them.
        batch: how many samples to run at once.
        no_gradients: why no gradients can be taken through it, nor its layers be run one by one; '' where they can.
        explained: name of the call whose maps are explained, where the graph tells, see `explained_call`; '' elsewhere.
        ahead: number of samples that analyses will run again in all, as far as that is known: whether a graph is worth making.
    """

    model: Any
    layers: Mapping[str, Any]
    batch: int
    no_gradients: str = ""
    explained: str = ""
    ahead: int = 0

    @cached_property
    def repeated(self) -> RepeatedPass:
        """The model for many samples, traced once for all analyses that run it so."""
        return RepeatedPass(
            self.model,
            self.layers,
            self.batch,
            traceable=not isinstance(self.model, CompiledModel),
            beside=self.explained,
            ahead=self.ahead,
        )

    def features(self, inputs: SampleInputs) -> np.ndarray | None:
        """Return what the explained call puts out for these, as the layer gives it; None where no graph is made of the pass.

        Raises:
            ForwardError: a layer failed.
        """
        planned = self.repeated.over(len(inputs))
        return planned.beside(batch.packed() for batch in inputs.batches(planned.size))

    def answers(self, inputs: SampleInputs) -> np.ndarray:
        """Return the model's first output for these, (n, ...) float32.

        Raises:
            ForwardError: a layer failed.
            MemoryError: the memory does not suffice for a single sample.
        """
        planned = self.repeated.over(len(inputs))
        return planned.run(batch.packed() for batch in inputs.batches(planned.size))


def only_input(values: Any, positions: Sequence[int]) -> Any:
    """Return what the pictured input receives as it is: the `pack` of a model without other inputs."""
    del positions
    return values


@dataclass(frozen=True)
class SampleInputs:
    """What the pictured input receives, and whose samples these are.

    Attributes:
        values: (n, *shape) float32.
        positions: position of each one's sample, (n,); several may belong to one sample, such as masked copies. None for
            0 to n - 1.
        pack: function that puts values, as an array or a tensor, together with what the model's other inputs receive, by
            these positions; the tensor itself goes in, so that a tape can watch it.
    """

    values: np.ndarray
    positions: np.ndarray | None = None
    pack: Callable[[Any, Sequence[int]], Any] = only_input

    def __len__(self) -> int:
        """Return n."""
        return len(self.values)

    @property
    def several(self) -> bool:
        """Whether the model has other inputs."""
        return self.pack is not only_input

    def take(self, chosen: Any) -> SampleInputs:
        """Return some of these, by index or slice."""
        return replace(self, values=self.values[chosen], positions=self._positions[chosen])

    def repeated(self, sample: int, values: np.ndarray) -> SampleInputs:
        """Return other values in the place of one sample's, (m, *shape), each beside that sample's other inputs."""
        return replace(self, values=values, positions=np.repeat(self._positions[sample], len(values)))

    def batches(self, size: int) -> Iterator[SampleInputs]:
        """Yield these in order, at most `size` at a time."""
        for start in range(0, len(self), size):
            yield self.take(slice(start, start + size))

    def packed(self, values: Any = None) -> Any:
        """Return what the model is called with.

        Args:
            values: a tensor in their place, where a tape watches it.
        """
        return self.pack(self.values if values is None else values, self._positions.tolist())

    @property
    def _positions(self) -> np.ndarray:
        return np.arange(len(self.values)) if self.positions is None else self.positions
