"""What is done with a model file: run it, rewrite and run it, report on its weights alone."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reportgen.reading.inventory import Inventory
from reportgen.reading.look import ModelFormat
from reportgen.reading.notes import Obstacle
from reportgen.reading.permitted import Marshalled, Permitted
from reportgen.reading.rewrite import NOTHING, make_readable
from reportgen.reading.wording import shown

OBSTACLES_SHOWN = 3
_NO_ARCHITECTURE = "the file has weights and no architecture"
_NO_WEIGHTS = "the file has an architecture and no weights"
_PROGRAM = "a SavedModel is a program of TensorFlow, and no code of a file is run"


class Action(enum.Enum):
    """What is done with a file."""

    RUN = "run"
    REWRITE_AND_RUN = "rewrite and run"
    WEIGHTS_ONLY = "weights only"


@dataclass(frozen=True)
class Decision:
    """What is done, and why.

    Attributes:
        action: what is done.
        config: for Keras 3; None where the model is not run.
        rewrites: what was changed in it, one sentence each.
        obstacles: what stands against running it.
        reasons: the same in sentences, also where the file has no architecture.
        options: of the command line that would run it, none where no option would.
        custom_code: what will run that is not Keras' own, one sentence each.
        functions: of the file that will, by the key under which Keras finds them.
    """

    action: Action
    config: Mapping[str, Any] | None
    rewrites: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    reasons: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    custom_code: tuple[str, ...] = ()
    functions: Mapping[str, Marshalled] = field(default_factory=dict)


def decide(inventory: Inventory, *, permitted: Permitted = NOTHING) -> Decision:
    """Return what to do with a file whose contents are known. A file that lies was refused before, by the inventory.

    Args:
        inventory: of the file.
        permitted: what may run beyond Keras' own.
    """
    reason = _reason_against(inventory)
    if reason is not None or inventory.config is None:
        return Decision(action=Action.WEIGHTS_ONLY, config=None, reasons=(reason or _NO_ARCHITECTURE,))
    readable = make_readable(inventory.config, keras_version=inventory.keras_version, permitted=permitted)
    if readable.obstacles:
        options = {obstacle.kind.option: None for obstacle in readable.obstacles if obstacle.kind.option}
        closed = any(obstacle.kind.option is None for obstacle in readable.obstacles)
        return Decision(
            action=Action.WEIGHTS_ONLY,
            config=None,
            rewrites=readable.rewrites,
            obstacles=readable.obstacles,
            reasons=tuple(obstacle.sentence for obstacle in readable.obstacles),
            options=() if closed else tuple(options),
        )
    action = Action.REWRITE_AND_RUN if readable.rewrites else Action.RUN
    return Decision(
        action=action,
        config=readable.config,
        rewrites=readable.rewrites,
        custom_code=readable.custom_code,
        functions=readable.functions,
    )


def _reason_against(inventory: Inventory) -> str | None:
    if inventory.file.format is ModelFormat.ARCHITECTURE:
        return _NO_WEIGHTS
    if inventory.file.format is not ModelFormat.SAVED_MODEL:
        return None
    if inventory.config is None:
        return _PROGRAM
    return None if inventory.weights else _NO_WEIGHTS


def refusal(inventory: Inventory, decision: Decision) -> str:
    """Return the line that says why a model is not run."""
    listed = "; ".join(decision.reasons[:OBSTACLES_SHOWN])
    more = len(decision.reasons) - OBSTACLES_SHOWN
    remedy = (
        f"If you trust the file, give {' and '.join(decision.options)}."
        if decision.options
        else f"Only its {'weights' if inventory.weights else 'architecture'} can be reported on."
    )
    return (
        f"{shown(inventory.file.name)} cannot be run. "
        f"Received: {listed}{f' and {more} more' if more > 0 else ''}. {remedy}"
    )
