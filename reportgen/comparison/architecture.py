"""Which layers were added, removed and changed, and what that costs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reportgen.analyses.base import Skip
from reportgen.comparison.sides import ANSWERS_ALONE, Side
from reportgen.messages import say
from reportgen.results import Kept, LayerSummary, ModelSummary, redactable

_OUR_OWN = frozenset({"name", "dtype", "build_config", "module", "registered_name", "batch_shape"})
"""Settings that are no part of what a layer computes."""
_LONGEST = 60  # characters of a setting's value

Kind = Literal["added", "removed", "changed", "same"]


@redactable
@dataclass(frozen=True)
class SettingChange:
    """A setting of a layer that differs, such as its activation.

    Attributes:
        name: the setting.
        base, new: its value in each model, cut to 60 characters.
    """

    name: Kept[str]
    base: Kept[str]
    new: Kept[str]


@redactable
@dataclass(frozen=True)
class LayerChange:
    """What became of a layer.

    Attributes:
        kind: 'added', 'removed', 'changed' or 'same'; the same layer may have another name.
        base, new: its first call in each model; None where that one does not have it.
        settings: its settings that differ, where both have it.
    """

    kind: Kept[Kind]
    base: LayerSummary | None
    new: LayerSummary | None
    settings: tuple[SettingChange, ...] = ()


@redactable
@dataclass(frozen=True)
class ArchitectureChangesResult:
    """The layers of two models beside one another.

    Attributes:
        base, new: the totals of each.
        base_multiply_adds, new_multiply_adds: multiply-adds for one sample in all layers whose cost is known; None where no
            layer's is.
        layers: in the order of the calls, removed layers where they were.
    """

    base: ModelSummary
    new: ModelSummary
    base_multiply_adds: int | None
    new_multiply_adds: int | None
    layers: tuple[LayerChange, ...]

    def of_kind(self, kind: Kind) -> tuple[LayerChange, ...]:
        """Return the layers of one kind, in order."""
        return tuple(one for one in self.layers if one.kind == kind)

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return all(one.kind == "same" for one in self.layers)


class ArchitectureChanges:
    """Compares the layers of two models."""

    name = "architecture_changes"
    title = say("Architecture")

    def compare(self, base: Side, new: Side) -> ArchitectureChangesResult | Skip:
        """Return the layers; a skip where a model does not tell its layers."""
        if base.deployed or new.deployed:
            return Skip(ANSWERS_ALONE)
        if base.described.listed != new.described.listed:
            return Skip(say("The file of one model holds weights and no architecture."))
        return ArchitectureChangesResult(
            base=base.context.model,
            new=new.context.model,
            base_multiply_adds=_cost(base),
            new_multiply_adds=_cost(new),
            layers=tuple(_changes(_first_calls(base), _first_calls(new), base.described.layers, new.described.layers)),
        )


def _first_calls(side: Side) -> list[LayerSummary]:
    return list({call.path: call for call in reversed(side.context.layers)}.values())[::-1]


def _cost(side: Side) -> int | None:
    known = [call.multiply_adds for call in side.context.layers if call.multiply_adds is not None]
    return sum(known) if known else None


def _changes(
    base: list[LayerSummary], new: list[LayerSummary], live_base: Mapping[str, Any], live_new: Mapping[str, Any]
) -> Iterator[LayerChange]:
    """Yield what became of each layer. A layer is found again by its path, or by its kind where its name is another."""
    common = {call.path for call in base} & {call.path for call in new}
    first_keys, second_keys = ([_key(call, call.path in common) for call in calls] for calls in (base, new))
    matcher = difflib.SequenceMatcher(None, first_keys, second_keys, autojunk=False)
    for _, first, last, begin, end in matcher.get_opcodes():
        pairs = zip(base[first:last], new[begin:end], strict=False)
        paired = [(old, one) for old, one in pairs if old.class_name == one.class_name]
        again, known = {old.path for old, _ in paired}, {one.path: old for old, one in paired}
        yield from (LayerChange("removed", old, None) for old in base[first:last] if old.path not in again)
        for one in new[begin:end]:
            old = known.get(one.path)
            if old is None:
                yield LayerChange("added", None, one)
                continue
            settings = tuple(_settings(live_base.get(old.path), live_new.get(one.path)))
            alike = _facts(old) == _facts(one) and not settings
            yield LayerChange("same" if alike else "changed", old, one, settings)


def _key(layer: LayerSummary, by_path: bool) -> tuple[str, str]:
    return (layer.path, "") if by_path else ("", layer.class_name)


def _facts(layer: LayerSummary) -> tuple[Any, ...]:
    return (layer.output_shape, layer.parameters, layer.kernel_size, layer.strides, layer.multiply_adds)


def _settings(base: Any, new: Any) -> Iterator[SettingChange]:
    """Yield the settings of a live layer that differ, plain values alone: others hold objects of Keras."""
    first, second = _config(base), _config(new)
    for name in (name for name in first if name in second and name not in _OUR_OWN):
        old, one = first[name], second[name]
        if old != one and _is_plain(old) and _is_plain(one):
            yield SettingChange(str(name)[:_LONGEST], str(old)[:_LONGEST], str(one)[:_LONGEST])


def _config(layer: Any) -> Mapping[str, Any]:
    if layer is None:  # of a model that is not run
        return {}
    try:
        config = layer.get_config()
    except Exception:  # noqa: BLE001 - a layer of somebody else's may raise anything
        return {}
    return config if isinstance(config, Mapping) else {}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float)
