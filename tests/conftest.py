"""Shared fixtures: the demo's files, and tiny models with fixed weights, whose outputs can be computed by hand."""

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before anything imports TensorFlow, whose chatter would drown a failing test's output
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores: one thread each
    for _threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(_threads, "1")
    # Every worker needs Keras. Imported here it is not traced by coverage, which would take half as long again, and the garbage
    # collector looks no more at all that it brings.
    _traced = sys.gettrace()
    sys.settrace(None)
    gc.disable()
    importlib.import_module("keras")
    gc.enable()
    gc.freeze()
    sys.settrace(_traced)

import numpy as np
import pytest
from cost import is_dear
from fixed_weights import fix_weights

COUNTED = pytest.StashKey[bool]()
"""Whether coverage counts what a test runs."""

DEMO = Path(__file__).parent.parent / "reportgen" / "demo"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and give one worker all that shares the demo's report or a browser, or a file's fixtures.

    Slow is whatever needs a browser, the demo's report or a whole run; what is marked so by itself and shares no fixture runs
    wherever there is time.
    Dear is what makes a report, runs the command line, starts a process or trains, and what is marked so by itself.
    Tests that only look at a page come report by report, after those that act on one.
    """
    gc.freeze()  # tests and modules stay to the end
    met = set[str]()
    for item in items:
        if _needs_the_demos_report(item):
            item.add_marker(pytest.mark.xdist_group("demo"))
        elif all(mark.name != "slow" for mark in item.own_markers) or _shares_a_fixture(item):
            item.add_marker(pytest.mark.xdist_group(item.location[0]))
        if _needs_the_demos_report(item) or {"whole", "fuzz"} & set(item.path.parts):
            item.add_marker(pytest.mark.slow)
        elif is_dear(item):
            item.add_marker(pytest.mark.dear)
        test = item.nodeid.partition("[")[0]
        item.stash[COUNTED] = not any(map(item.get_closest_marker, ("slow", "untraced"))) and test not in met
        met.add(test)
    items.sort(
        key=lambda item: (
            not _needs_the_demos_report(item),
            item.get_closest_marker("slow") is None,
            _looked_at(item),
        )
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Let coverage count the first case of each test that is not slow: tracing takes as long again as the test.

    Slow tests and further cases run little that is new.
    """
    coverage = sys.modules.get("coverage")
    measured = coverage.Coverage.current() if coverage and not item.stash[COUNTED] else None
    if measured is None:
        return (yield)
    measured.stop()
    try:
        return (yield)
    finally:
        measured.start()


def _shares_a_fixture(item: pytest.Item) -> bool:
    known = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    return any(one.scope == "module" for name in known for one in known[name])


def _looked_at(item: pytest.Item) -> str:
    """Return which page a test only looks at, and how wide, so that tests of one page follow each other; '' for others."""
    if "look" not in getattr(item, "fixturenames", ()):
        return ""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return f"{params.get('name', 'demo')} {params.get('width', 1280):>5}"


def _needs_the_demos_report(item: pytest.Item) -> bool:
    return "browser" in item.path.parts or "demo_report" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def demo_model_path() -> Path:
    """Return the demo's trained model."""
    return DEMO / "model.keras"


@pytest.fixture(scope="session")
def demo_samples_path() -> Path:
    """Return the demo's 200 labelled samples: x_test (200, 28, 28) uint8 and y_test."""
    return DEMO / "samples.npz"


@pytest.fixture(scope="session")
def demo_class_names_path() -> Path:
    """Return the demo's ten class names."""
    return DEMO / "class_names.txt"


@pytest.fixture(scope="session")
def demo_model(demo_model_path: Path) -> Any:
    """Return the demo's model, alive. No test changes it."""
    import keras

    return keras.saving.load_model(demo_model_path, compile=False)


@pytest.fixture(scope="session")
def demo_report(demo_model_path: Path, demo_samples_path: Path, demo_class_names_path: Path) -> Any:
    """Return the demo's report with all options at their defaults, made on 1 January 2026."""
    from reportgen.api import build_report

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1767225600")
        return build_report(demo_model_path, demo_samples_path, class_names=demo_class_names_path)


@pytest.fixture(scope="session")
def stored_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of weights alone, of which a process makes a report in a second, without Keras and TensorFlow."""
    import h5py

    path = tmp_path_factory.mktemp("weights") / "few.weights.h5"
    generator = np.random.default_rng(4)
    with h5py.File(path, "w") as file:
        for layer, shape in (("conv2d", (3, 3, 1, 4)), ("dense", (16, 3))):
            file[f"layers/{layer}/vars/0"] = generator.normal(size=shape).astype(np.float32)
            file[f"layers/{layer}/vars/1"] = np.zeros(shape[-1], np.float32)
    return path


@pytest.fixture(scope="session")
def nested_model() -> Any:
    """Return a functional model that holds a functional model that holds a Sequential one: (8, 8, 1) to 2 scores."""
    import keras
    from keras import layers

    deep = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(3, 3, padding="same", activation="relu", name="conv")], name="deep"
    )
    middle_input = keras.Input((8, 8, 1))
    middle = keras.Model(middle_input, layers.Conv2D(4, 3, name="conv")(deep(middle_input)), name="middle")
    inputs = keras.Input((8, 8, 1))
    pooled = layers.GlobalAveragePooling2D(name="pool")(middle(inputs))
    return fix_weights(keras.Model(inputs, layers.Dense(2, activation="softmax", name="scores")(pooled), name="outer"))


@pytest.fixture(scope="session")
def shared_model() -> Any:
    """Return a functional model that calls one convolution twice: (6, 6, 2) to (2, 2, 2)."""
    import keras
    from keras import layers

    shared = layers.Conv2D(2, 3, activation="relu", name="shared")
    inputs = keras.Input((6, 6, 2))
    return fix_weights(keras.Model(inputs, shared(shared(inputs)), name="twice"))


@pytest.fixture(scope="session")
def subclassed_model() -> Any:
    """Return a subclassed model that was built by a call: (6, 6, 1) to 3 numbers, with a block inside."""
    import keras
    from keras import layers

    class Block(layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="block")
            self.conv = layers.Conv2D(2, 3, name="conv")
            self.rectifier = layers.ReLU(name="rectifier")

        def call(self, inputs: Any) -> Any:
            return self.rectifier(self.conv(inputs))

    class Subclassed(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="subclassed")
            self.block = Block()
            self.flat = layers.Flatten(name="flat")
            self.head = layers.Dense(3, name="head")

        def call(self, inputs: Any) -> Any:
            return self.head(self.flat(self.block(inputs)))

    model = Subclassed()
    model(np.zeros((1, 6, 6, 1), np.float32))
    return fix_weights(model)
