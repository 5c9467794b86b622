import json
import zipfile
from xml.etree import ElementTree

import numpy as np

from reportgen.demo import CLASS_NAMES, MODEL, SAMPLES
from reportgen.demo.train import CLASS_NAMES as TRAINED_NAMES
from reportgen.demo.train import build_model, choose_samples
from reportgen.rendering.junit import render_junit
from reportgen.rendering.markdown import render_markdown


def test_twenty_labelled_images_of_each_class_come_along():
    with np.load(SAMPLES) as samples:
        images, labels = samples["x_test"], samples["y_test"]
    assert (images.shape, images.dtype, labels.shape) == ((200, 28, 28), np.uint8, (200,))
    assert np.bincount(labels).tolist() == [20] * 10


def test_the_class_names_are_those_of_the_training():
    assert tuple(CLASS_NAMES.read_text(encoding="utf-8").splitlines()) == TRAINED_NAMES


def test_the_model_is_the_books_network_without_optimiser_state(demo_model):
    built = build_model()
    assert [layer.get_config()["name"] for layer in demo_model.layers] == [layer.name for layer in built.layers]
    assert [weight.shape for weight in demo_model.weights] == [weight.shape for weight in built.weights]
    assert [layer.activation.__name__ for layer in demo_model.layers if hasattr(layer, "activation")] == [
        "relu",
        "relu",
        "relu",
        "softmax",
    ]
    assert demo_model.layers[6].rate == 0.4
    with zipfile.ZipFile(MODEL) as archive:
        assert sum(member.file_size for member in archive.infolist()) < 1_400_000
    assert not demo_model.compiled


def test_the_model_is_right_on_nearly_all_of_its_samples(demo_model):
    with np.load(SAMPLES) as samples:
        inputs, labels = samples["x_test"][..., None].astype("float32") / 255, samples["y_test"]
    right = np.asarray(demo_model(inputs)).argmax(axis=1) == labels
    assert 180 <= right.sum() < 200


def test_samples_are_chosen_in_the_order_of_the_test_set():
    labels = np.repeat(np.arange(10), 25)
    assert choose_samples(labels)[:21].tolist() == [*range(20), 25]


def test_rules_that_lack_what_they_need_are_not_counted_as_passed_in_any_form(demo_report):
    missing = {rule.code: rule.unchecked for rule in demo_report.rules if rule.unchecked}
    assert (
        missing["leaked-samples"] == missing["train-test-gap"] == "No training samples were given with --train-samples."
    )
    assert missing["below-expectation"] == "No claim was made with --expect."
    assert missing["no-better-than-mean"] == "The model predicts classes, not numbers."
    assert missing.keys() >= {
        "no-better-than-input",
        "low-recall",
        "low-precision",
        "input-range",
        "drifted-statistics",
    }
    assert missing.keys().isdisjoint(
        {"no-better-than-majority", "permuted-labels", "miscalibration", "duplicate-samples"}
    )
    total, left = len(demo_report.rules), len(missing)
    assert f"<li>{total - left} of {total} rules checked:</li>" in demo_report.to_html()
    assert f" {total - left} of {total} rules checked." in render_markdown(demo_report)
    rows = json.loads(demo_report.to_json())["rules"]
    assert {row["code"]: row["unchecked"] for row in rows if row["unchecked"]} == missing
    skipped = ElementTree.fromstring(render_junit(demo_report)).findall("testsuite/testcase[skipped]")
    assert {case.attrib["name"] for case in skipped} == missing.keys()
