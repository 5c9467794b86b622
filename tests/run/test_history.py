"""A training's history from whatever holds it."""

import json
import math
from types import SimpleNamespace

import pytest

from reportgen.errors import UsageError
from reportgen.run import read_history

GIVEN = {"loss": [2.0, 1.0], "val_loss": [2.5, 1.5]}
METRICS = {"loss": (2.0, 1.0), "val_loss": (2.5, 1.5)}


@pytest.mark.parametrize(
    "given",
    [GIVEN, SimpleNamespace(history=GIVEN, epoch=[0, 1]), {"history": GIVEN, "epoch": [0, 1]}],
    ids=["dictionary", "History", "both"],
)
def test_objects_of_keras_are_read(given):
    found = read_history(given)
    assert (found.epochs, found.metrics) == ((1, 2), METRICS)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GIVEN),
        json.dumps({"history": GIVEN}),
        json.dumps([{"loss": 2, "val_loss": 2.5}, {"loss": 1, "val_loss": 1.5}]),
        "epoch,loss,val_loss\n0,2.0,2.5\n1,1.0,1.5\n",
        "\ufeffepoch;loss;val_loss\r\n0;2.0;2.5\r\n1;1.0;1.5\r\n",
        "epoch\tloss\tval_loss\n0\t2.0\t2.5\n\n1\t1.0\t1.5",
    ],
    ids=["JSON", "JSON of History", "JSON by epoch", "CSVLogger", "semicolons", "tabs"],
)
def test_files_are_read(tmp_path, text):
    path = tmp_path / "log.any"
    path.write_text(text, encoding="utf-8")
    found = read_history(path)
    assert (found.epochs, found.metrics) == ((1, 2), METRICS)


def test_a_training_that_went_on_keeps_its_numbers(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n10,2\n11,1")
    assert read_history(str(path)).epochs == (11, 12)


def test_several_trainings_in_one_file_are_counted_on(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n0,2\n1,1\n0,3")
    assert read_history(path).epochs == (1, 2, 3)


def test_what_is_no_number_is_a_gap_and_a_series_of_gaps_is_left_out():
    found = read_history({"loss": [1, None], "val_loss": ["NA", 0.5], "note": ["a", "b"], "flag": [True, False]})
    assert found.metrics["loss"][0] == found.metrics["val_loss"][1] * 2 == 1
    assert math.isnan(found.metrics["loss"][1])
    assert math.isnan(found.metrics["val_loss"][0])
    assert sorted(found.metrics) == ["loss", "val_loss"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must hold a head and as many columns on each line"),
        ("epoch,loss\n0", "must hold a head and as many columns on each line"),
        ("epoch,loss\n", "Received: 0 series of no numbers"),
        ("{", "is not JSON"),
        ("[1, 2]", "must hold one number of each loss and metric for each epoch"),
        ('{"loss": [1, 2], "accuracy": [1]}', "Received: 2 series of 1, 2 numbers"),
        ('{"loss": 1}', "Received: 0 series of no numbers"),
        ("[" * 100_000, "is not JSON"),
        ('{"loss": [1, null, "x"]}', "log.csv: loss must be numbers. Received: 'x' among them."),
        ("epoch,loss\n0,1.0\n1,1.O", "log.csv: loss must be numbers. Received: '1.O' among them."),
    ],
)
def test_what_is_no_history_is_one_line(tmp_path, text, said):
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=said) as raised:
        read_history(path)
    assert "log.csv" in str(raised.value)
    assert str(tmp_path) not in str(raised.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(
        UsageError, match=r"--history must be a file that can be read. Received: none.csv: No such file"
    ):
        read_history(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="must hold one number of each loss and metric"):
        read_history(3)


def test_nothing_is_no_history():
    assert read_history(None) is None
