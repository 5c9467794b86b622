"""Data type policies, and values of nothing but numbers, text and lists, inside a layer's configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reportgen.messages import say
from reportgen.reading.rewriting import known
from reportgen.reading.rewriting.notes import Notes, ObstacleKind
from reportgen.untrusted.escaping import shown

POLICY_NAME = re.compile(r"[a-z0-9_]{1,60}")
SPECIAL = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"})


def plain_value(value: Any, path: str, notes: Notes) -> Any:
    """Return numbers, strings and lists of them; tensors and slices of a node hold nothing else."""
    if isinstance(value, dict):
        if "class_name" in value and value["class_name"] not in SPECIAL:
            notes.met(ObstacleKind.LAYOUT, path, value["class_name"])
            return None
        return {name: plain_value(item, path, notes) for name, item in value.items()}
    if isinstance(value, list):
        return [plain_value(item, path, notes) for item in value]
    return value


def readable_policy(value: Any, path: str, notes: Notes) -> Any:
    """Return a data type policy, or the name of one, as Keras 3 reads it."""
    if value is None:
        return None
    name = value
    if isinstance(value, dict):
        class_name = value.get("class_name")
        config = value.get("config")
        config = config if isinstance(config, dict) else {}
        if class_name in known.POLICIES and known.is_from_keras(value.get("module")):
            return {
                "module": "keras.dtype_policies",
                "class_name": class_name,
                "config": plain_value(config, path, notes)
                if class_name != "DTypePolicyMap"
                else _policy_map(config, notes),
                "registered_name": None,
            }
        name = config.get("name")
        if class_name in ("Policy", "PolicyV1"):  # of Keras 2; '_infer' takes the type of the input
            notes.rewrote(say("The data type policy of Keras 2 was rewritten to its name"), str(name))
            name = None if name == "_infer" else name
    if name is None or (isinstance(name, str) and POLICY_NAME.fullmatch(name)):
        return name
    notes.met(ObstacleKind.CUSTOM, path, say("data type policy {name}", name=shown(str(name))))
    return None


def _policy_map(config: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    policies = config.get("policy_map")
    return {
        "default_policy": readable_policy(config.get("default_policy"), "", notes),
        "policy_map": {
            name: readable_policy(item, name, notes)
            for name, item in (policies if isinstance(policies, dict) else {}).items()
        },
    }
