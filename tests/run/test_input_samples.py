"""Samples of one input or several: what is left out, and whose labels count."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from reportgen.errors import SamplesError
from reportgen.models.graphs import DescribedModel, describe_model
from reportgen.options import ReportOptions
from reportgen.run.evaluation import model_batch
from reportgen.run.input_samples import open_inputs, open_outside_samples, open_train_samples, slice_columns

SKIP_BAD = ReportOptions(skip_bad=True)


def classifier() -> DescribedModel:
    inputs = keras.Input((4, 4, 1), name="image")
    return describe_model(keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(inputs))))


def two_inputs() -> DescribedModel:
    image, meta = keras.Input((4, 4, 1), name="image"), keras.Input((2,), name="meta")
    joined = layers.Concatenate()([layers.Flatten()(image), meta])
    return describe_model(keras.Model([image, meta], layers.Dense(3, activation="softmax")(joined)))


def opened(described: DescribedModel, samples: Any, *, labels: Any = None, options: ReportOptions = SKIP_BAD) -> Any:
    return open_inputs(described, samples, labels=labels, class_names=None, options=options)


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    """Return a folder with a damaged file among two images, a damaged image alone, and a folder of one image."""
    for name, value in (("a/1", 1), ("a/3", 3), ("b/5", 5)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 4), value, np.uint8)).save(tmp_path / f"{name}.png")
    for name in ("a/2.png", "bad.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    return [str(tmp_path / name) for name in ("a", "bad.png", "b")]


def test_bad_files_of_several_sources_are_left_out_with_their_labels(folders: list[str]) -> None:
    source = opened(classifier(), folders, labels=[0, 1, 2, 1, 2])
    assert source.count == 3
    assert source.read([0, 1, 2])[:, 0, 0, 0].tolist() == [1, 3, 5]
    assert source.labels.values.tolist() == [0, 2, 2]
    assert "1 source without a readable image was left out." in source.steps
    assert "Skipped 1 file that cannot be read: 2.png." in source.steps


def test_labels_of_the_readable_files_alone_are_taken_as_they_are(folders: list[str]) -> None:
    assert opened(classifier(), folders, labels=[0, 1, 2]).labels.values.tolist() == [0, 1, 2]


def test_a_heading_of_the_labels_is_kept_apart(folders: list[str], tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("label\n0\n1\n2\n1\n0\n")
    assert opened(classifier(), folders, labels=str(tmp_path / "labels.csv")).labels.values.tolist() == [0, 2, 0]


def test_labels_beside_the_names_of_files_are_matched_by_them_in_any_order(folders: list[str], tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("5.png,0\nbad.png,1\n3.png,2\n2.png,1\n1.png,1\n")
    source = opened(classifier(), folders, labels=str(tmp_path / "labels.csv"))
    assert source.labels.values.tolist() == [1, 2, 0]


def test_a_bad_source_alone_or_without_the_option_is_an_error(folders: list[str]) -> None:
    for samples, options in ((folders[1], SKIP_BAD), ([folders[1]], SKIP_BAD), (folders, ReportOptions())):
        with pytest.raises(SamplesError):
            opened(classifier(), samples, options=options)


def test_labels_beside_another_input_are_those_of_the_samples(tmp_path: Path) -> None:
    np.savez(tmp_path / "meta.npz", x=np.zeros((3, 2), np.float32), y=np.array([2, 0, 1]))
    samples = {"image": np.zeros((3, 4, 4, 1), np.float32), "meta": str(tmp_path / "meta.npz")}
    source = opened(two_inputs(), samples)
    assert source.input_name == "image"
    assert source.labels.values.tolist() == [2, 0, 1]
    assert 'Labels: those that came with input "meta".' in source.steps


def test_labels_of_the_pictured_input_come_first(tmp_path: Path) -> None:
    np.savez(tmp_path / "meta.npz", x=np.zeros((3, 2), np.float32), y=np.array([2, 0, 1]))
    samples = {"image": (np.zeros((3, 4, 4, 1), np.float32), [1, 1, 1]), "meta": str(tmp_path / "meta.npz")}
    assert opened(two_inputs(), samples).labels.values.tolist() == [1, 1, 1]


def test_masked_copies_of_a_sample_share_what_is_read_of_its_other_inputs() -> None:
    described = two_inputs()
    samples = {"image": np.zeros((3, 4, 4, 1), np.float32), "meta": np.arange(6, dtype=np.float32).reshape(3, 2)}
    source = opened(described, samples)
    meta, read = source.beside["meta"], []
    counting = replace(meta, read=lambda indices: (read.append(list(indices)), meta.read(indices))[1])
    counted = replace(source, beside={"meta": counting})
    batch = model_batch(described.model, counted, np.zeros((5, 4, 4, 1), np.float32), [2, 2, 0, 2, 0], {})
    assert read == [[0, 2]]
    assert batch[1].tolist() == [[4, 5], [4, 5], [0, 1], [4, 5], [0, 1]]


def test_the_option_limits_the_memory_of_files_and_of_streams(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 4, 4, 1), "uint8"))
    options = ReportOptions(memory_limit=4.7e-8)
    with pytest.raises(
        SamplesError, match=r"array x, needs more memory than allowed\. Received: 48 bytes .*limit 47 bytes"
    ):
        opened(classifier(), str(tmp_path / "x.npz"), options=options)
    with pytest.raises(SamplesError, match=r"at most 47 bytes of them\. Received: more, in 3 samples"):
        opened(classifier(), (np.zeros((1, 4, 4, 1), "uint8") for _ in range(9)), options=options)


def test_columns_about_the_samples_are_numbered_where_the_report_is_redacted(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 4, 4, 1), np.float32))
    (tmp_path / "about.csv").write_text("hospital,age\nNorth,7\nSouth,8\nNorth,9\n")
    source = opened(classifier(), str(tmp_path / "x.npz"))
    options = ReportOptions(slices=str(tmp_path / "about.csv"))
    assert [(one.name, one.entries) for one in slice_columns(source, options)] == [
        ("hospital", ("North", "South", "North")),
        ("age", ("7", "8", "9")),
    ]
    assert [(one.name, one.entries) for one in slice_columns(source, replace(options, redact=True))] == [
        ("column 1", ("value 1", "value 2", "value 1")),
        ("column 2", ("7", "8", "9")),
    ]
    assert slice_columns(source, ReportOptions()) == ()


def test_samples_from_outside_have_no_labels_and_an_error_names_their_option(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x=np.zeros((5, 4, 4, 1), np.float32), y=np.array([7, 8, 9, 7, 7]))
    found = open_outside_samples(classifier(), options=ReportOptions(outside=str(tmp_path / "other.npz")))
    assert found is not None
    assert (found.count, found.labels) == (5, None)
    assert open_outside_samples(classifier(), options=ReportOptions()) is None
    with pytest.raises(SamplesError, match=r"^--outside: no such file"):
        open_outside_samples(classifier(), options=ReportOptions(outside=str(tmp_path / "gone.npz")))
    with pytest.raises(SamplesError, match=r"^--outside must be a regular file or a folder"):
        open_outside_samples(classifier(), options=ReportOptions(outside="/dev/null"))


def test_training_samples_come_with_their_own_labels_and_an_error_names_their_option(tmp_path: Path) -> None:
    np.savez(tmp_path / "train.npz", x=np.zeros((5, 4, 4, 1), np.float32), y=np.array([0, 1, 2, 1, 0]))
    options = ReportOptions(train_samples=str(tmp_path / "train.npz"))
    found = open_train_samples(classifier(), class_names=None, options=options)
    assert found is not None
    assert (found.count, found.labels.values.tolist()) == (5, [0, 1, 2, 1, 0])
    assert open_train_samples(classifier(), class_names=None, options=ReportOptions()) is None
    wrong = ReportOptions(train_samples=str(tmp_path / "gone.npz"))
    with pytest.raises(SamplesError, match=r"^--train-samples: no such file"):
        open_train_samples(classifier(), class_names=None, options=wrong)


def test_options_of_one_source_refuse_a_model_of_several_inputs() -> None:
    several = two_inputs()
    with pytest.raises(SamplesError, match=r"^--outside is for models of one input\. Received: a model of 2, "):
        open_outside_samples(several, options=ReportOptions(outside="a.npz"))
    with pytest.raises(SamplesError, match=r"^--train-samples is for models of one input\. Received: a model of 2, "):
        open_train_samples(several, class_names=None, options=ReportOptions(train_samples="a.npz"))
