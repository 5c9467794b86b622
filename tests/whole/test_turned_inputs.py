"""Models that turn their input before the first convolution: everything is shown as that convolution sees it."""

import hashlib
import json
from typing import Any

import keras
import numpy as np
import pytest
from fixed_weights import fix_weights
from keras import layers

import reportgen

LAST = np.random.default_rng(4).random((32, 14, 12, 3)).astype(np.float32)
LABELS = np.arange(32) % 3
FIRST = np.ascontiguousarray(np.moveaxis(LAST, -1, 1))


def report_of(samples: np.ndarray, *turns: Any) -> dict[str, Any]:
    steps = [
        layers.Conv2D(4, 3, activation="relu", name="conv"),
        layers.GlobalAveragePooling2D(name="mean"),
        layers.Dense(3, activation="softmax", name="scores"),
    ]
    model = keras.Sequential([keras.Input(samples.shape[1:]), *turns, *steps], name="turned")
    model = fix_weights(model, seed=11, mean=0, scale=0.4)
    return dict(json.loads(reportgen.build_report(model, samples=(samples, LABELS), select="first:3").to_json()))


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return report_of(LAST)


@pytest.mark.parametrize(
    ("samples", "turns"),
    [
        (FIRST, [layers.Permute((2, 3, 1), name="turn")]),
        (LAST.reshape(32, -1), [layers.Reshape((14, 12, 3), name="turn")]),
    ],
)
def test_a_report_is_that_of_the_model_without_the_turn(
    plain: dict[str, Any], samples: np.ndarray, turns: list[Any]
) -> None:
    report = report_of(samples, *turns)
    for name in ("attribution", "filter_responses", "concepts", "robustness", "data_quality", "preprocessing_check"):
        one, other = (next(each for each in both["sections"] if each["name"] == name) for both in (report, plain))
        # the turn puts out each value once more, which counts as 25 multiply-adds
        turn = 25 * 14 * 12 * 3 if "cost" in other["result"] else 0
        assert one["result"].get("cost", 0) == other["result"].get("cost", 0) + turn
        assert {**one["result"], "cost": 0} == {**other["result"], "cost": 0}
        assert {**one, "result": None} == {**other, "result": None}
        assert one["skipped"] is None
    said = report["samples"]
    assert said["shape"] == [14, 12, 3]
    assert said["sha256"] == hashlib.sha256(samples.tobytes()).hexdigest()
    assert sum("pictures are shown as its first convolution sees them" in step for step in said["steps"]) == 1
