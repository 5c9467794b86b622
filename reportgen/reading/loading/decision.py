"""What is done with a model file: run it, rewrite and run it, report on its weights alone."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reportgen.messages import first_of, joined, say
from reportgen.reading.containers import Serving, damage_told, read_serving
from reportgen.reading.loading.inventory import Inventory
from reportgen.reading.rewriting import (
    NOTHING,
    Marshalled,
    Obstacle,
    ObstacleKind,
    Permitted,
    SharedLayer,
    make_readable,
    sentences_of,
)
from reportgen.untrusted.escaping import shown

OBSTACLES_SHOWN = 3
_NO_ARCHITECTURE = say("the file has weights but no architecture")
_NO_WEIGHTS = say("the file has an architecture but no weights")
_GRAPH = say("a SavedModel without a Sequential or functional architecture is a plain TensorFlow graph")


class Action(enum.Enum):
    """What is done with a file."""

    RUN = "run"
    REWRITE_AND_RUN = "rewrite and run"
    PREDICT = "weights and predictions only"
    WEIGHTS_ONLY = "weights only"


@dataclass(frozen=True)
class Decision:
    """What is done, and why.

    Attributes:
        action: what is done.
        config: the configuration for Keras 3; None where the model is not run.
        rewrites: what was changed in it, one sentence each.
        obstacles: what stands against running it.
        reasons: the same in sentences, also where the file has no architecture.
        options: the command line's options that would run it, none where no option would.
        custom_code: what will run that is not Keras' own, one sentence each.
        functions: the file's functions that will run, by the key under which Keras finds them.
        shared: layers of several models, which `config` has once for each.
        serving: the signature of a SavedModel that gives its predictions.
    """

    action: Action
    config: Mapping[str, Any] | None
    rewrites: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    reasons: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    custom_code: tuple[str, ...] = ()
    functions: Mapping[str, Marshalled] = field(default_factory=dict)
    shared: tuple[SharedLayer, ...] = ()
    serving: Serving | None = None


def decide(inventory: Inventory, *, permitted: Permitted = NOTHING) -> Decision:
    """Return what to do with a file whose contents are known. A file that lies was refused before, by the inventory.

    Args:
        inventory: what the file holds.
        permitted: what may run beyond Keras' own.

    Raises:
        ModelError: the configuration is damaged.
        UsageError: an activation was given in place of one that the file does not have.
    """
    decision = _decided(inventory, permitted)
    permitted.check_activations(shown(inventory.file.name))
    return decision


def _decided(inventory: Inventory, permitted: Permitted) -> Decision:
    reason = _reason_against(inventory)
    if reason == _GRAPH and inventory.weights:
        return _by_signature(inventory)
    if reason is not None or inventory.config is None:
        return Decision(action=Action.WEIGHTS_ONLY, config=None, reasons=(reason or _NO_ARCHITECTURE,))
    with damage_told(shown(inventory.file.name)):
        readable = make_readable(inventory.config, keras_version=inventory.keras_version, permitted=permitted)
    if readable.obstacles:
        options = {obstacle.kind.option: None for obstacle in readable.obstacles if obstacle.kind.option}
        closed = any(obstacle.kind.option is None for obstacle in readable.obstacles)
        serving, why_not = signature_of(inventory)
        return Decision(
            action=Action.WEIGHTS_ONLY if serving is None else Action.PREDICT,
            serving=serving,
            config=None,
            rewrites=readable.rewrites,
            obstacles=readable.obstacles,
            reasons=(*sentences_of(readable.obstacles), *([why_not] if why_not else [])),
            options=() if closed else tuple(options),
        )
    action = Action.REWRITE_AND_RUN if readable.rewrites else Action.RUN
    return Decision(
        action=action,
        config=readable.config,
        rewrites=readable.rewrites,
        custom_code=readable.custom_code,
        functions=readable.functions,
        shared=readable.shared,
    )


def signature_of(inventory: Inventory) -> tuple[Serving | None, str]:
    """Return the signature that stands in for a model that cannot be run, or None and a sentence that says why there is none.

    For other files than a SavedModel the sentence is ''.
    """
    if not inventory.file.format.has_program or not inventory.weights:
        return None, ""
    found = read_serving(inventory.file.path, name=shown(inventory.file.name))
    if isinstance(found, Serving):
        return found, ""
    return None, say("its signature gives no predictions either: {reason}", reason=found)


def _by_signature(inventory: Inventory) -> Decision:
    """Return the decision on a SavedModel without an architecture: run its signature, if it does nothing but compute."""
    found = read_serving(inventory.file.path, name=shown(inventory.file.name))
    if isinstance(found, Serving):
        return Decision(action=Action.PREDICT, config=None, reasons=(_GRAPH,), serving=found)
    return Decision(action=Action.WEIGHTS_ONLY, config=None, reasons=(_GRAPH, found))


def _reason_against(inventory: Inventory) -> str | None:
    if inventory.file.format.has_program and inventory.config is None:
        return _GRAPH
    return _NO_WEIGHTS if inventory.file.format.stands_alone and not inventory.weights else None


def refusal(inventory: Inventory, decision: Decision) -> str:
    """Return the line that says why a model is not run."""
    name = shown(inventory.file.name)
    parts: list[str] = [
        say("{file} cannot be run.", file=name)
        if decision.serving is None
        else say("{file} cannot be inspected.", file=name),
        say("Received: {listed}.", listed=first_of(decision.reasons, OBSTACLES_SHOWN, separator="; ")),
    ]
    if decision.serving is not None:
        parts.append(with_signature(decision.serving))
    if decision.options == (ObstacleKind.UNNAMED.option,):
        parts.append(say("If you know what it computes, give {options}.", options=decision.options[0]))
    elif decision.options:
        parts.append(say("If you trust the file, give {options}.", options=joined(decision.options, " and ")))
    elif decision.reasons == (_NO_ARCHITECTURE,):
        parts.append(
            say(
                "Only its weights can be reported, unless {option} supplies the architecture as written by "
                "model.to_json().",
                option="--architecture FILE",
            )
        )
    elif decision.serving is None:
        parts.append(
            say("Only its weights can be reported.")
            if inventory.weights
            else say("Only its architecture can be reported.")
        )
    return joined(parts, " ")


def with_signature(serving: Serving) -> str:
    """Return the sentence that says what a SavedModel's signature gives."""
    return say(
        "With --samples it shows the predictions of its signature '{signature}'.", signature=shown(serving.signature)
    )
