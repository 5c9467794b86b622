"""What runs with --allow-custom-code and --custom-objects, and what does not run without them."""

import base64
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from reportgen.errors import ModelError
from reportgen.reading.containers.recognition import recognise
from reportgen.reading.loading.decision import Action, decide, refusal
from reportgen.reading.loading.inventory import take_inventory
from reportgen.reading.loading.load import LoadedModel, read_model
from reportgen.reading.loading.weights_only import WeightsOnly
from reportgen.reading.rewriting.custom_objects import declared_names, import_objects
from reportgen.reading.rewriting.permissions import Permitted

MODULE = """
import keras

def halved(x):
    return x / 2

class Scale(keras.layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, shape):
        self.offset = self.add_weight(shape=(shape[-1],), initializer="ones", name="offset")

    def call(self, x):
        return x * self.factor + self.offset

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}

@keras.saving.register_keras_serializable("mine", "Times")
class Blocked(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = keras.layers.Conv2D(2, 1, name="inner")

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        return self.inner(x)

@keras.saving.register_keras_serializable("mine")
class Whole(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = keras.layers.Conv2D(3, 3, name="first")

    def build(self, shape):
        self.first.build(shape)

    def call(self, x):
        return self.first(x)
"""
INPUT = np.random.default_rng(0).normal(size=(2, 6, 6, 1)).astype("float32")


@pytest.fixture
def module(tmp_path: Path) -> Any:
    """The user's module, as a file, with what it defines."""
    path = tmp_path / "my_layers.py"
    path.write_text(MODULE)
    return path, import_objects([str(path)]).objects


def imported(path: Path) -> str:
    return f"Module my_layers.py was imported, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}…."


def saved(tmp_path: Path, extension: str, *layers: Any) -> tuple[Any, Path]:
    keras.utils.set_random_seed(1)  # sums in another order may differ where a value is near zero
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3, name="conv"), *layers], name="m")
    path = tmp_path / f"model{extension}"
    model.save(path)
    return model, path


@pytest.mark.parametrize("extension", [".keras", ".h5"])
def test_lambda_runs_with_allow_custom_code_alone(tmp_path: Path, extension: str) -> None:
    model, path = saved(tmp_path, extension, keras.layers.Lambda(lambda x: x * 3 + 1, name="odd"))
    assert isinstance(read_model(path), WeightsOnly)
    loaded = read_model(path, allow_custom_code=True)
    np.testing.assert_array_equal(loaded.model(INPUT), model(INPUT))
    assert loaded.custom_code == ("Layer 'odd': a function embedded in the file was run.",)


def test_lambda_finds_the_usual_names_defaults_and_closures(tmp_path: Path) -> None:
    number, path = 2.0, tmp_path / "model.keras"
    namespace: dict[str, Any] = {}
    exec("def usual(x, y=3.0): return tf.nn.relu(x) * K.mean(x) * y + np.float32(1)", namespace)
    saved(
        tmp_path,
        ".keras",
        keras.layers.Lambda(lambda x: x * number, name="closure"),
        keras.layers.Lambda(lambda x: x, name="usual"),
    )
    import marshal

    code = base64.b64encode(marshal.dumps(namespace["usual"].__code__)).decode()
    change(
        path,
        lambda config: config["config"]["layers"][-1]["config"]["function"]["config"].update(code=code, defaults=[3.0]),
    )
    loaded = read_model(path, allow_custom_code=True).model
    before = loaded.get_layer("conv")(INPUT) * 2.0
    expected = np.maximum(before, 0) * np.mean(before) * 3 + 1
    np.testing.assert_allclose(loaded(INPUT), expected, rtol=1e-5)


def change(path: Path, alter: Any) -> None:
    """Alter the configuration in an archive."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    alter(config)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, json.dumps(config) if name == "config.json" else content)


@pytest.mark.parametrize(
    ("code", "reason"),
    [("AAAA", "bad marshal data"), ("aQEAAAA=", "no byte code"), ("!", "EOF read where object expected")],
)
def test_function_of_another_python_is_one_line(tmp_path: Path, code: str, reason: str) -> None:
    _, path = saved(tmp_path, ".keras", keras.layers.Lambda(lambda x: x, name="odd"))
    change(path, lambda config: config["config"]["layers"][-1]["config"]["function"]["config"].update(code=code))
    result = read_model(path, allow_custom_code=True)
    assert isinstance(result, WeightsOnly)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    expected = (
        "model.keras cannot be loaded. Received: the function of layer 'odd', "
        f"which this Python ({version}) cannot read ({reason}"
    )
    assert result.message.startswith(expected)
    assert [kernel.path for kernel in result.kernels] == ["conv"]
    assert "Use the Python that saved it" in result.message


@pytest.mark.parametrize("extension", [".keras", ".h5"])
def test_layers_of_the_users_module_run_with_their_weights(tmp_path: Path, module: Any, extension: str) -> None:
    path, objects = module
    layers = [objects["Scale"](3.0, name="scale"), keras.layers.Activation(objects["halved"], name="half")]
    model, file = saved(tmp_path, extension, *layers, objects["Blocked"](name="block"))
    model.get_layer("scale").offset.assign([5.0, -1.0])
    model.save(file)
    loaded = read_model(file, custom_objects=[str(path)])
    np.testing.assert_array_equal(loaded.model(INPUT), model(INPUT))
    assert loaded.custom_code == (
        imported(path),
        "Layer 'scale': Scale of the given modules was run.",
        "Layer 'half': halved of the given modules was run.",
        "Layer 'block': mine>Times of the given modules was run.",
    )
    plain = read_model(file)
    assert isinstance(plain, WeightsOnly)
    assert plain.options == ("--custom-objects MODULE",)


def test_subclassed_model_of_the_users_module_runs(tmp_path: Path, module: Any) -> None:
    path, objects = module
    model = objects["Whole"](name="whole")
    model(INPUT)
    model.save(tmp_path / "w.keras")
    loaded = read_model(tmp_path / "w.keras", custom_objects=[str(path)])
    np.testing.assert_array_equal(loaded.model(INPUT), model(INPUT))
    assert loaded.custom_code == (imported(path), "The model: mine>Whole of the given modules was run.")


def test_module_is_found_by_its_name(tmp_path: Path, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path, objects = module
    package = tmp_path / "found_by_name"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    model, file = saved(tmp_path, ".keras", objects["Scale"](name="scale"))
    loaded = read_model(file, custom_objects=["found_by_name.layers"])
    np.testing.assert_array_equal(loaded.model(INPUT), model(INPUT))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    assert loaded.custom_code[0] == (f"Module found_by_name.layers (layers.py) was imported, SHA-256 {digest}….")
    names = declared_names(["found_by_name.layers"])
    assert names == {"halved", "Scale", "Blocked", "mine>Times", "Whole", "mine>Whole"}


def test_class_that_no_module_has_stays_weights_only(tmp_path: Path, module: Any) -> None:
    _, objects = module
    other = tmp_path / "other.py"
    other.write_text("class Thing: pass\n")
    _, file = saved(tmp_path, ".h5", objects["Scale"](name="scale"))
    result = read_model(file, custom_objects=[str(other)])
    assert isinstance(result, WeightsOnly)
    assert result.message == (
        "model.h5 cannot be run. Received: layer 'scale': Scale is neither in Keras nor in the given modules. If you "
        "trust the file, give --custom-objects MODULE."
    )


def test_class_that_says_to_be_keras_own_is_not_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("class Conv2D:\n    def __init__(self, **_): raise SystemExit\n")
    model, file = saved(tmp_path, ".keras")
    loaded = read_model(file, custom_objects=[str(mine)])
    np.testing.assert_array_equal(loaded.model(INPUT), model(INPUT))


BROKEN = {
    "raise ValueError('first\\nsecond')": "ValueError: first",
    "def f(:": "SyntaxError: invalid syntax",
    "import sys; sys.exit(3)": "SystemExit: 3",
    "import not_there_at_all": "ModuleNotFoundError: No module named 'not_there_at_all'",
}


@pytest.mark.parametrize("text", BROKEN)
def test_error_in_the_users_module_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.py").write_text(text)
    with pytest.raises(ModelError) as caught:
        import_objects([str(tmp_path / "broken.py")])
    assert str(caught.value).startswith(f"--custom-objects: broken.py cannot be imported. Received: {BROKEN[text]}")
    assert str(caught.value).endswith("Correct the module.")
    assert str(tmp_path) not in str(caught.value)
    assert "broken" not in sys.modules


@pytest.mark.parametrize("name", ["no_such_module", "no_such.module", "no/such/module.py"])
def test_missing_module_is_named(name: str) -> None:
    expected = (
        f"--custom-objects: no such module. Received: {name.rsplit('/', 1)[-1]}. "
        "Give a name that Python can import, or the path of a .py file."
    )
    for find in (import_objects, declared_names):
        with pytest.raises(ModelError) as caught:
            find([name])
        assert str(caught.value) == expected


def test_decision_with_options_needs_no_tensorflow(tmp_path: Path, module: Any) -> None:
    path, objects = module
    _, file = saved(tmp_path, ".keras", objects["Scale"](name="scale"), keras.layers.Lambda(lambda x: x, name="odd"))
    script = (
        "import sys; from reportgen.reading.containers.recognition import recognise; "
        "from reportgen.reading.loading.inventory import take_inventory; "
        "from reportgen.reading.loading.decision import decide; from reportgen.reading.rewriting.permissions import Permitted; "
        "from reportgen.reading.rewriting.custom_objects import declared_names; "
        f"p = Permitted(code=True, names=declared_names([{str(path)!r}])); "
        f"d = decide(take_inventory(recognise({str(file)!r})), permitted=p); "
        "assert d.action.value == 'run' and not d.obstacles, d; "
        "sys.exit(bool({'keras', 'tensorflow', 'my_layers'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0


def test_options_that_were_given_are_not_asked_for_again(tmp_path: Path, module: Any) -> None:
    _, objects = module
    _, file = saved(tmp_path, ".keras", objects["Scale"](name="scale"), keras.layers.Lambda(lambda x: x, name="odd"))
    inventory = take_inventory(recognise(file))
    assert decide(inventory).options == ("--custom-objects MODULE", "--allow-custom-code")
    assert decide(inventory, permitted=Permitted(code=True)).options == ("--custom-objects MODULE",)
    assert decide(inventory, permitted=Permitted(names=frozenset({"Scale"}))).options == ("--allow-custom-code",)
    decision = decide(inventory, permitted=Permitted(code=True, names=frozenset({"Scale"})))
    assert decision.action is Action.RUN
    assert decision.options == ()


def test_programs_in_other_files_have_no_option(tmp_path: Path) -> None:
    _, file = saved(tmp_path, ".keras", keras.layers.Lambda(lambda x: x, name="odd"))
    change(file, lambda config: config["config"]["layers"][-1].update(class_name="TFSMLayer"))
    inventory = take_inventory(recognise(file))
    decision = decide(inventory, permitted=Permitted(code=True))
    assert refusal(inventory, decision) == (
        "model.keras cannot be run. Received: layer 'odd': TFSMLayer is a program embedded in the file. Only its "
        "weights can be reported."
    )


def test_custom_initialiser_of_the_users_module_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "inits.py"
    path.write_text(
        "import keras\n\n\nclass Sevens(keras.initializers.Initializer):\n"
        "    def __call__(self, shape, dtype=None): return keras.ops.full(shape, 7.0, dtype)\n"
    )
    sevens = import_objects([str(path)]).objects["Sevens"]
    _, file = saved(tmp_path, ".keras", keras.layers.Conv2D(1, 1, kernel_initializer=sevens(), name="seven"))
    loaded = read_model(file, custom_objects=[str(path)])
    assert isinstance(loaded, LoadedModel)
    assert type(loaded.model.get_layer("seven").kernel_initializer).__name__ == "Sevens"
    assert loaded.custom_code[1] == "Layer 'seven': Sevens of the given modules was run."


def test_class_that_needs_values_when_it_is_built_runs(tmp_path: Path) -> None:
    path = tmp_path / "eager.py"
    path.write_text(
        "import keras\n\n\nclass Eager(keras.layers.Layer):\n"
        "    def build(self, shape):\n"
        "        self.w = self.add_weight(shape=(2,), initializer='ones')\n"
        "        self.first = float(self.w.numpy()[0])\n"
        "    def call(self, x): return x * self.w * self.first\n"
    )
    eager = import_objects([str(path)]).objects["Eager"]
    model, file = saved(tmp_path, ".keras", eager(name="e"))
    np.testing.assert_array_equal(read_model(file, custom_objects=[str(path)]).model(INPUT), model(INPUT))
