"""A planted cause stands first in the whole report, and what follows from it under it."""

from typing import Any

import keras
import numpy as np

from reportgen import build_report


def test_a_dead_layer_stands_before_any_advice_on_scaling(demo_model_path: Any, demo_samples_path: Any) -> None:
    model = keras.saving.load_model(demo_model_path, compile=False)
    kernel, bias = model.get_layer("conv2d_1").get_weights()
    model.get_layer("conv2d_1").set_weights([kernel, np.full_like(bias, -20)])
    report = build_report(model, demo_samples_path, attribution="none", config={})
    first = report.findings[0]
    assert (first.code, first.severity.label, first.subject) == ("silent-channels", "problem", "conv2d_1")
    assert first.message == "all 64 units are dead: zero on all 200 samples, so the layer outputs nothing but zeros"
    following = {one.code: one for one in report.findings if "silent-channels" in one.follows_from}
    assert {"constant-output", "constant-prediction", "other-preprocessing"} <= following.keys()
    assert following["other-preprocessing"].severity.label == "note"


def test_spare_units_of_the_demo_are_a_note(demo_report: Any) -> None:
    silent = [one for one in demo_report.findings if one.code == "silent-channels"]
    assert [(one.subject, one.severity.label, one.evidence["silent"]) for one in silent if one.subject == "dense"] == [
        ("dense", "note", 44)
    ]
    assert {one.severity.label for one in silent} == {"note"}
