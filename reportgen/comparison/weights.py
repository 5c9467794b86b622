"""How far the weights of two models are apart, layer by layer, whatever the order of their channels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np

from reportgen.analyses.base import NO_WEIGHTS, Skip
from reportgen.keras_internals import own_weights
from reportgen.measures.distributions import histogram_of
from reportgen.measures.matching import order_in_blocks
from reportgen.messages import say
from reportgen.models.graphs import Blocks, ChannelOrders, DescribedModel, channel_orders, grouped_inputs
from reportgen.models.weights import LayerKernel
from reportgen.options import ReportOptions
from reportgen.results import Becomes, Histogram, Kept, redactable

FIGURES = 8
"""Kernels with a histogram: those that changed most."""
_MOST_COLUMNS = 4096  # weights of a filter that its cosines are computed from
_AT_ONCE = 2**20

_BASE, _NEW = say("base"), say("new")


@redactable
@dataclass(frozen=True)
class KernelChange:
    """How far a kernel is from that of the base.

    Attributes:
        label: the kernel.
        weights: number of weights.
        moved: number of its filters that stand in another place than in the base.
        distance: norm of the difference as a share of both kernels' root mean square norm, in [0, 2]: 0 for equal ones, the
            root of 2 for unrelated ones of equal norm.
        cosine: cosine between both kernels as vectors, in [-1, 1].
        deviations: by how many standard deviations the cosine is above that of unrelated kernels.
        norm_ratio: norm of the new kernel by that of the base; NaN where that is 0.
        equal: whether both are the same to the last bit.
        non_finite: number of weights of both that are NaN or infinite; they are left out.
        histogram: both kernels' weights on shared bins; None for those that are not drawn.
    """

    label: Kept[str]
    weights: int
    moved: int
    distance: float
    cosine: float
    deviations: float
    norm_ratio: float
    equal: bool
    non_finite: int
    histogram: Histogram | None = None


def _hidden(base: str) -> str:
    return "BEFORE" if base else ""


@redactable
@dataclass(frozen=True)
class WeightChangesResult:
    """How far the weights of a model are from those of the base.

    Attributes:
        kernels: those that both models have in the same shape, in order.
        only_base, only_new: labels of the kernels that one model has alone, or in another shape.
        others: number of other variables that both have, such as biases and moving statistics.
        others_changed: number of these that differ.
        ordered: whether channels were matched, so that another order of them is no change.
        complete: whether every variable of both was compared; of files of weights alone only the kernels are.
        base: what the base is called in a report on the new model; '' in a comparison.
    """

    kernels: tuple[KernelChange, ...]
    only_base: Kept[tuple[str, ...]]
    only_new: Kept[tuple[str, ...]]
    others: int
    others_changed: int
    ordered: bool
    complete: bool
    base: Annotated[str, Becomes(_hidden)] = ""

    @property
    def equal(self) -> bool:
        """Whether both models certainly hold the same weights, up to the order of their channels."""
        apart = not self.complete or self.only_base or self.only_new or self.others_changed
        return not apart and all(kernel.equal for kernel in self.kernels)

    @property
    def moved(self) -> int:
        """Number of filters that stand in another place than in the base."""
        return sum(kernel.moved for kernel in self.kernels)

    @property
    def by_distance(self) -> tuple[KernelChange, ...]:
        """The kernels, those that changed most first."""
        return tuple(sorted(self.kernels, key=lambda kernel: -kernel.distance))


@dataclass(frozen=True)
class WeightPair:
    """Two models whose weights are compared.

    Attributes:
        base, new: the models.
        kernels: the kernels that both have in the same shape, that of the base first, by the new one's label.
        called: what the base calls each layer, by the new model's path, where every layer has another name and is the same kind.
        orders: the orders in which the new model's channels stand for those of the base.
    """

    base: DescribedModel
    new: DescribedModel
    kernels: Mapping[str, tuple[LayerKernel, LayerKernel]]
    called: Mapping[str, str]
    orders: ChannelOrders = field(default_factory=ChannelOrders)

    def values(self, label: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the values of a kernel of both models, the new one's in the order of the base's channels."""
        old, one = self.kernels[label]
        return old.values(), self.orders.applied(one, one.values())

    def path(self, new: str) -> str:
        """Return the base's path of the layer at a path of the new model."""
        return self.called.get(new, new)


def matched_pair(base: DescribedModel, new: DescribedModel) -> WeightPair:
    """Return two models with the order of the new one's channels found, where both have the same layers with kernels."""
    called = _renamed(base, new)
    of_base = {(kernel.path, kernel.name): kernel for kernel in base.kernels}
    pairs = ((of_base.get((called.get(kernel.path, kernel.path), kernel.name)), kernel) for kernel in new.kernels)
    common = {one.label: (old, one) for old, one in pairs if old is not None and old.shape == one.shape}
    pair = WeightPair(base, new, common, called)
    alike = len(common) == len(base.kernels) == len(new.kernels)
    if not alike or base.model is None or new.model is None or base.outputs_only or new.outputs_only:
        return pair
    by_path = {one.path: (old, one) for old, one in common.values()}

    def match(kernel: LayerKernel, received: np.ndarray, blocks: Blocks) -> np.ndarray | None:
        old, one = by_path[kernel.path]
        return order_in_blocks(_rows(old), _rows(one, received), blocks.count, blocks.places)

    return replace(pair, orders=channel_orders(new.model, {path: one for path, (_, one) in by_path.items()}, match))


def _rows(kernel: LayerKernel, received: np.ndarray | None = None) -> np.ndarray:
    """Return a kernel's values, a filter a row, of its input channels in an order; of some of them where there are very many."""
    values = kernel.values()
    if kernel.groups > 1:
        values, received = grouped_inputs(values, received, kernel.groups), None
    rows = kernel.by_filter(values)
    channels, window = rows.shape[-1], max(math.prod(rows.shape[1:-1]), 1)
    used = np.arange(0, channels, -(-channels * window // _MOST_COLUMNS))
    if kernel.kind != "depthwise" and received is not None:
        used = received[used]
    return np.take(rows, used, axis=-1).reshape(len(rows), -1)


def _renamed(base: DescribedModel, new: DescribedModel) -> dict[str, str]:
    """Return what the base calls each layer, where both are the same layers in order, all under names that Keras made up."""
    calls = [{call.path: (call.class_name, call.parameters) for call in reversed(each.calls)} for each in (base, new)]
    first, second = ([*reversed(each.items())] for each in calls)
    with_weights = {path for path, (_, parameters) in first if parameters}
    if [kind for _, kind in first] != [kind for _, kind in second] or with_weights & calls[1].keys():
        return {}
    return {path: old for (old, _), (path, _) in zip(first, second, strict=True)}


def weight_changes(
    pair: WeightPair, options: ReportOptions, *, same_file: bool = False, called: str = ""
) -> WeightChangesResult | Skip:
    """Return how far two models' weights are apart; a skip where one of them has none.

    Args:
        pair: the models.
        options: the report's.
        same_file: whether both are the same bytes.
        called: what the base is called in a report on the new model.
    """
    if not (pair.base.kernels and pair.new.kernels):
        return Skip(NO_WEIGHTS)
    common = pair.kernels
    if not common:
        return Skip(say("No kernel of one model has the name and the shape of one of the other, so none is compared."))
    changes = [_change(pair, label) for label in common]
    drawn = {change.label for change in sorted(changes, key=lambda one: -one.distance)[:FIGURES]}
    changes = [_drawn(pair, one, options.bins) if one.label in drawn else one for one in changes]
    others = list(_others(pair))
    return WeightChangesResult(
        kernels=tuple(changes),
        only_base=tuple(one.label for one in pair.base.kernels if all(one is not old for old, _ in common.values())),
        only_new=tuple(kernel.label for kernel in pair.new.kernels if kernel.label not in common),
        others=len(others),
        others_changed=others.count(False),
        ordered=bool(pair.orders.outputs),
        complete=same_file or all(each.layers for each in (pair.base, pair.new)),
        base=called,
    )


def _change(pair: WeightPair, label: str) -> KernelChange:
    kernel = pair.kernels[label][1]
    base, new = (values.ravel() for values in pair.values(label))
    known = np.isfinite(base) & np.isfinite(new)
    lost = int(known.size - np.count_nonzero(known))
    if lost:
        base, new = base[known], new[known]
    of_base, of_new, together, apart = _sums(base, new)
    scale = math.sqrt((of_base + of_new) / 2)
    product = math.sqrt(of_base * of_new)
    cosine = max(-1.0, min(together / product, 1.0)) if product else float(of_base == of_new)
    moved = pair.orders.moved(kernel.path) if kernel.kind != "depthwise" else 0
    # of unrelated kernels; where the filters' order was looked for, the best of so many, at the most
    weights, filters = known.size - lost, kernel.shape[-2 if kernel.kind == "transposed" else -1]
    expected = math.sqrt(2 * math.log(filters / kernel.groups) * filters / max(weights, 1)) if moved else 0.0
    return KernelChange(
        label=label,
        weights=int(known.size),
        moved=moved,
        distance=math.sqrt(apart) / scale if scale else 0.0,
        cosine=cosine,
        deviations=(cosine - expected) * math.sqrt(weights),
        norm_ratio=math.sqrt(of_new / of_base) if of_base else math.nan,
        equal=not lost and not apart,
        non_finite=lost,
    )


def _sums(base: np.ndarray, new: np.ndarray) -> tuple[float, float, float, float]:
    """Return the sums of the squares of two vectors, of their products and of the squares of their differences."""
    sums = np.zeros(4)
    for start in range(0, len(base), _AT_ONCE):
        first, second = (each[start : start + _AT_ONCE].astype(np.float64) for each in (base, new))
        apart = second - first
        sums += [first @ first, second @ second, first @ second, apart @ apart]
    return float(sums[0]), float(sums[1]), float(sums[2]), float(sums[3])


def _drawn(pair: WeightPair, change: KernelChange, bins: int) -> KernelChange:
    base, new = (values[np.isfinite(values)] for values in pair.values(change.label))
    return replace(change, histogram=histogram_of({_NEW: new, _BASE: base}, bins))


def _others(pair: WeightPair) -> Iterator[bool]:
    """Yield, for every variable that is no kernel and that both models have in the same shape, whether it is the same."""
    first, second = (_variables(each) for each in (pair.base, pair.new))
    for (path, name), new in second.items():
        base = first.get((pair.path(path), name))
        if base is not None and base.shape == new.shape:
            yield bool(np.array_equal(base, pair.orders.of_channels(path, new) if new.ndim else new, equal_nan=True))


def _variables(described: DescribedModel) -> Mapping[tuple[str, str], np.ndarray]:
    kernels = {(kernel.path, kernel.name) for kernel in described.kernels}
    return {
        (path, str(variable.name)): np.asarray(variable.numpy())
        for path, layer in described.layers.items()
        for variable in own_weights(layer)
        if (path, str(variable.name)) not in kernels and "float" in str(variable.dtype)
    }
