"""Configurations in which something has not the type that Keras writes: one line, never a traceback."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from reportgen.demo import MODEL
from reportgen.errors import ModelError
from reportgen.reading import decide, recognise, take_inventory

PATHS = [
    ["config", "layers", 1, "class_name"],
    ["config", "layers", 1, "name"],
    ["config", "layers", 1, "config"],
    ["config", "layers", 1, "config", "name"],
    ["config", "layers", 1, "config", "activation"],
    ["config", "layers", 1, "config", "kernel_initializer", "class_name"],
    ["config", "layers", 1, "config", "dtype", "class_name"],
    ["config", "layers", 1, "module"],
    ["config", "layers", 1, "registered_name"],
    ["config", "layers"],
    ["config", "name"],
    ["class_name"],
]
VALUES: list[Any] = [["Conv2D"], {"a": []}, None, 3, {"module": "keras.activations", "config": "relu"}]


def damaged(folder: Path, change: Any) -> Path:
    path = folder / "damaged.keras"
    with zipfile.ZipFile(MODEL) as archive, zipfile.ZipFile(path, "w") as changed:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            changed.writestr(name, content)
    return path


@pytest.mark.parametrize("value", VALUES, ids=str)
@pytest.mark.parametrize("place", PATHS, ids=lambda place: "/".join(map(str, place)))
def test_a_value_of_another_type_is_read_or_refused_in_one_line(tmp_path, place, value):
    def change(config):
        *around, last = place
        for key in around:
            config = config[key]
        config[last] = value

    try:
        decide(take_inventory(recognise(damaged(tmp_path, change))))
    except ModelError as error:
        assert "\n" not in str(error)  # noqa: PT017 - not every mutant is refused


def test_half_a_surrogate_pair_is_refused(tmp_path):
    def change(config):
        config["config"]["layers"][1]["config"]["name"] = "conv\ud800"

    with pytest.raises(ModelError) as caught:
        take_inventory(recognise(damaged(tmp_path, change)))
    assert "is damaged. Received: half a surrogate pair in " in str(caught.value)
    assert "conv\\ud800" in str(caught.value)


def test_a_whole_surrogate_pair_is_a_character(tmp_path):
    def change(config):
        config["config"]["name"] = "\N{CAT FACE}"

    assert take_inventory(recognise(damaged(tmp_path, change))).name == "\N{CAT FACE}"
