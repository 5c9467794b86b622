"""What a model file holds and what would be done with it, told before anything of it runs: `reportgen inspect`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.reading import (
    Inventory,
    Permitted,
    activations_instead,
    decide,
    declared_names,
    recognise,
    refusal,
    take_inventory,
)
from reportgen.untrusted.escaping import shown
from reportgen.untrusted.limits import HALF_OF_MEMORY

_LISTED = 60  # rows of a terminal's table; the JSON has all


@dataclass(frozen=True)
class InspectedLayer:
    """One layer as the file describes it.

    Attributes:
        path: the layer's name, prefixed by the models around it.
        class_name: its class, as the file names it.
        kernel: sizes of its window where it has one.
        initializers: class names by what they fill.
    """

    path: str
    class_name: str
    kernel: tuple[int, ...] | None
    initializers: Mapping[str, str]


@dataclass(frozen=True)
class Inspection:
    """A model file's contents and the decision.

    Attributes:
        file_name, format, size, sha256: what the file is; the size in bytes.
        keras_version: the version that saved it, or None.
        kind: the model's class, or None without an architecture.
        name: what the model calls itself, or None.
        parameters: number of stored values, without optimiser state.
        weights: shape of each stored array by its place in the file.
        dtypes: type of each stored array's values by its place in the file.
        layers: every layer, in the order of the configuration.
        decision: 'run', 'rewrite and run' or 'weights only'.
        rewrites: what would be changed, one sentence each.
        custom_code: what stands against running it, one sentence each.
        options: the options that would run it.
        message: why it would not be run, one line; '' where it would.
    """

    file_name: str
    format: str
    size: int
    sha256: str
    keras_version: str | None
    kind: str | None
    name: str | None
    parameters: int
    weights: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, str]
    layers: tuple[InspectedLayer, ...]
    decision: str
    rewrites: tuple[str, ...]
    custom_code: tuple[str, ...]
    options: tuple[str, ...]
    message: str

    def to_json(self) -> str:
        """Return the inspection as JSON with two blanks of indentation."""
        return json.dumps(asdict(self), indent=2)

    def to_text(self) -> str:
        """Return the inspection for a terminal; names from the file are escaped."""
        facts = {
            "file": f"{shown(self.file_name)}, {self.size:,} bytes",
            "format": self.format,
            "sha256": self.sha256,
            "saved by": f"Keras {shown(self.keras_version)}" if self.keras_version else "unknown",
            "model": f"{shown(self.kind or 'no architecture')} {shown(self.name or '')}".rstrip(),
            "weights": f"{self.parameters:,} values in {len(self.weights):,} arrays",
            "decision": self.decision,
        }
        lines = [f"{name:<9} {value}" for name, value in facts.items()]
        lines += [f"rewrite   {sentence}" for sentence in self.rewrites]
        lines += [f"because   {sentence}" for sentence in self.custom_code]
        lines += [f"option    {option}" for option in self.options]
        if self.layers:
            rows = [(shown(layer.path), shown(layer.class_name), _details(layer)) for layer in self.layers[:_LISTED]]
            return "\n".join([*lines, *_table("layers", rows, len(self.layers))])
        arrays = list(self.weights.items())[:_LISTED]
        rows = [(shown(array_name(at)), " x ".join(map(str, shape)) or "1", self.dtypes[at]) for at, shape in arrays]
        return "\n".join([*lines, *_table("arrays", rows, len(self.weights))])


def array_name(place: str) -> str:
    """Return what an array is called in a file: its place, without what every place in a checkpoint ends in."""
    return place.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE")


def _table(heading: str, rows: Sequence[tuple[str, str, str]], count: int) -> list[str]:
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    lines = [f"  {first:<{widths[0]}}  {second:<{widths[1]}}  {third}".rstrip() for first, second, third in rows]
    more = count - len(rows)
    return [heading, *lines, *([f"  and {more:,} more; --json lists all"] if more > 0 else [])] if rows else []


def _details(layer: InspectedLayer) -> str:
    window = " x ".join(map(str, layer.kernel)) if layer.kernel else ""
    drawn = ", ".join(f"{shown(filled)}: {shown(name)}" for filled, name in layer.initializers.items())
    return f"{window}  {drawn}".strip()


def inspect_model(
    path: str | Path,
    *,
    memory_limit: int = HALF_OF_MEMORY,
    allow_custom_code: bool = False,
    custom_objects: Sequence[str] = (),
    activation: Sequence[str] = (),
    architecture: str | Path | None = None,
) -> Inspection:
    """Return what a model file holds; neither Keras nor TensorFlow is imported, and nothing of the file runs.

    Args:
        path: the file or folder.
        memory_limit: bytes that its weights may take.
        allow_custom_code: whether functions that the file brings along would be allowed to run.
        custom_objects: modules whose classes would be known; their source is read, they are not imported.
        activation: activations of Keras in place of others, as 'NAME=ACTIVATION'.
        architecture: another file that has the architecture, such as JSON, for a file of weights alone.

    Raises:
        ModelError: the file is no model, is damaged, or is not what it seems.
    """
    other = None if architecture is None else recognise(architecture)
    inventory = take_inventory(recognise(path), memory_limit=memory_limit, architecture=other)
    permitted = Permitted(allow_custom_code, declared_names(custom_objects), activations_instead(activation))
    decision = decide(inventory, permitted=permitted)
    return Inspection(
        file_name=inventory.file.name,
        format=inventory.file.format.label,
        size=inventory.file.size,
        sha256=inventory.file.sha256,
        keras_version=inventory.keras_version,
        kind=inventory.kind,
        name=inventory.name,
        parameters=inventory.stored_values,
        weights={place: tuple(entry.shape) for place, entry in inventory.weights.items()},
        dtypes={place: _type_name(entry.dtype) for place, entry in inventory.weights.items()},
        layers=_layers(inventory),
        decision=decision.action.value,
        rewrites=decision.rewrites,
        custom_code=decision.reasons,
        options=decision.options,
        message=refusal(inventory, decision) if decision.config is None else "",
    )


def _type_name(dtype: np.dtype) -> str:
    return "bfloat16" if dtype.str == "|V2" else dtype.name  # which NumPy does not know


def _layers(inventory: Inventory) -> tuple[InspectedLayer, ...]:
    return tuple(
        InspectedLayer(
            path=layer.path,
            class_name=layer.class_name,
            kernel=_window(layer.config.get("kernel_size")),
            initializers={filled: _class_name(config) for filled, config in layer.initializers.items()},
        )
        for layer in inventory.layers
    )


def _window(value: Any) -> tuple[int, ...] | None:
    sizes = value if isinstance(value, list) else [value]
    return tuple(sizes) if all(type(size) is int for size in sizes) else None


def _class_name(config: Any) -> str:
    name = config.get("class_name") if isinstance(config, dict) else config
    return str(name)
