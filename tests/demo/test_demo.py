import zipfile

import numpy as np

from reportgen.demo import CLASS_NAMES, MODEL, SAMPLES
from reportgen.demo.train import CLASS_NAMES as TRAINED_NAMES
from reportgen.demo.train import build_model, choose_samples


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
