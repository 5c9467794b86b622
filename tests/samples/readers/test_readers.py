import sys
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import SamplesError
from reportgen.samples import open_samples
from reportgen.samples.labels import Accepts, ClassLabels, Targets, Unused
from reportgen.samples.readers import pixels as images
from reportgen.samples.source import SampleSource

X = np.arange(3 * 4 * 4, dtype=np.uint8).reshape(3, 4, 4)
Y = np.array([2, 0, 1])
INPUT = (4, 4, 1)


def opened(source: Any, *, labels: Any = None, class_names: Any = None, **accepts: Any) -> SampleSource:
    return open_samples(source, Accepts(**accepts), labels=labels, class_names=class_names)


def make_image(path: Path, value: int = 0, size: tuple[int, int] = (4, 4)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, value).save(path)


def test_an_archive_is_opened_with_labels_names_and_notes(tmp_path: Path) -> None:
    np.savez(tmp_path / "samples.npz", x_test=X, y_test=Y)

    source = opened(tmp_path / "samples.npz", input_shape=INPUT, class_names="a,b,c")

    assert (source.count, source.shape, source.dtype) == (3, (4, 4, 1), np.dtype("uint8"))
    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [2, 0, 1]
    assert source.labels.values.dtype == np.int64
    assert source.class_names == ("a", "b", "c")
    assert source.description == "samples.npz, array x_test"
    assert source.steps == ("A channel axis was added.", "Labels: array y_test beside x_test.")
    assert source.names(2) == "x_test[2]"
    assert source.read([2, 0]).tolist() == X[[2, 0], :, :, np.newaxis].tolist()


def test_a_channel_axis_is_added_in_front_for_channels_first() -> None:
    source = opened(X, input_shape=(1, 4, 4))

    assert source.shape == (1, 4, 4)
    assert source.read([1]).tolist() == X[np.newaxis, [1]].tolist()


def test_an_array_in_memory_and_a_tuple_are_accepted() -> None:
    source = opened((X, Y), input_shape=INPUT)

    assert source.description == "array in memory"
    assert source.names(0) == "samples[0]"
    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [2, 0, 1]
    assert source.steps == ("A channel axis was added.", "Labels: the labels given with the samples.")
    assert opened((X, None), input_shape=INPUT).labels is None


def test_what_numpy_takes_for_an_array_is_accepted() -> None:
    class Tensor:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return X

    assert opened(Tensor(), input_shape=INPUT).count == 3  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [[1, 2], None, (X,), 3])
def test_another_type_is_an_error(source: object) -> None:
    with pytest.raises(SamplesError, match=rf"samples must be a file.*Received: {type(source).__name__}."):
        opened(source, input_shape=INPUT)  # type: ignore[arg-type]


def test_npy_is_not_read_before_it_is_asked_for(tmp_path: Path) -> None:
    np.save(tmp_path / "x_test.npy", X[..., np.newaxis].astype(">f4"))

    source = opened(str(tmp_path / "x_test.npy"), input_shape=INPUT, labels=[0, 1, 2])

    batch = source.read([1])
    assert type(batch) is np.ndarray
    assert batch.dtype == source.dtype == np.dtype("=f4")
    assert batch.tolist() == X[[1], :, :, np.newaxis].tolist()
    assert source.steps == ("Labels: the given labels.",)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_an_error_with_its_index_when_read(value: float) -> None:
    floats = X.astype(np.float32)
    floats[1, 2, 3] = value
    source = opened(floats, input_shape=INPUT)

    assert source.read([0, 2]).shape == (2, 4, 4, 1)
    with pytest.raises(SamplesError, match=rf"finite numbers. Received: {value} in samples\[1\] at \(2, 3\)."):
        source.read([0, 1])


def test_given_labels_come_before_those_found(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", x=X, y=Y)
    (tmp_path / "labels.txt").write_text("b\nb\na\n")

    source = opened(tmp_path / "s.npz", input_shape=INPUT, labels=tmp_path / "labels.txt", class_names=["a", "b"])

    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [1, 1, 0]
    assert source.steps[-1] == "Labels: labels.txt."


def test_found_labels_of_another_length_are_an_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", x=X, y=Y[:2])

    with pytest.raises(SamplesError, match=r"as many as the samples, 3. Received: 2 in array y beside x."):
        opened(tmp_path / "s.npz", input_shape=INPUT)


def test_wrong_shapes_are_an_error_with_both_shapes() -> None:
    with pytest.raises(
        SamplesError, match=r"input \(4, 4, 3\). Received: shape \(3, 4, 4\). Their channels come first"
    ):
        opened(np.zeros((2, 3, 4, 4)), input_shape=(4, 4, 3))
    with pytest.raises(SamplesError, match=r"Add the axis with x\[numpy.newaxis\]"):
        opened(X[0], input_shape=INPUT)


def test_arrays_of_no_numbers_and_of_no_samples_are_errors(tmp_path: Path) -> None:
    for values, name in ((np.array([None]), "object"), (np.array(["a"]), "<U1"), (np.zeros(2, complex), "complex128")):
        with pytest.raises(SamplesError, match=f"samples must be numbers. Received: dtype {name} in array in memory."):
            opened(values, input_shape=INPUT)
    with pytest.raises(SamplesError, match=r"There are no samples. Received: shape \(0, 4, 4, 1\) in array in memory."):
        opened(np.zeros((0, 4, 4, 1)), input_shape=INPUT)


def test_a_missing_file_is_an_error_that_names_the_data_sets(tmp_path: Path) -> None:
    with pytest.raises(SamplesError) as caught:
        opened(str(tmp_path / "fashion-mnist"), input_shape=INPUT)

    assert str(caught.value) == (
        "--samples: no such file or folder. Received: fashion-mnist. Check the name; data sets are mnist, fashion_mnist, "
        "cifar10, cifar100."
    )


def test_another_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(
        SamplesError, match=r"notes.txt holds no samples.*Received: a text file. Give labels with --labels;"
    ):
        opened(tmp_path / "notes.txt", input_shape=INPUT)

    (tmp_path / "empty").touch()
    with pytest.raises(SamplesError, match=r"empty holds no samples that can be read. Received: an empty file."):
        opened(tmp_path / "empty", input_shape=INPUT)


def test_a_data_set_is_loaded_by_its_name_unless_a_file_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = (X, Y.reshape(3, 1))
    loader = SimpleNamespace(load_data=lambda: (split, split))
    keras = SimpleNamespace(datasets=SimpleNamespace(cifar10=loader))
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.chdir(tmp_path)

    source = opened("cifar10", input_shape=INPUT)
    assert source.description == "cifar10 of keras.datasets, test split"
    assert source.class_names is not None
    assert source.class_names[0] == "airplane"
    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [2, 0, 1]
    assert source.steps == (
        "A channel axis was added.",
        "Class names: as published with cifar10.",
        "Labels: test split of cifar10.",
    )
    assert opened("cifar10", input_shape=INPUT, class_names="a,b,c").steps == (
        "A channel axis was added.",
        "Labels: test split of cifar10.",
    )

    make_image(tmp_path / "cifar10" / "a.png")
    assert opened("cifar10", input_shape=INPUT).description == "folder cifar10, 1 image"


def test_a_single_image_is_opened_whatever_its_ending(tmp_path: Path) -> None:
    make_image(tmp_path / "a\n<b>.png", 7)
    (tmp_path / "a\n<b>.png").rename(tmp_path / "a\n<b>")

    source = opened(tmp_path / "a\n<b>", input_shape=INPUT)

    assert source.names(0) == source.description == "a\\n<b>"
    assert source.read([0]).tolist() == np.full((1, 4, 4, 1), 7).tolist()


def test_a_damaged_image_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("text")

    with pytest.raises(SamplesError, match=r"^a.png is not an image that can be read."):
        opened(tmp_path / "a.png", input_shape=INPUT)


def test_of_a_large_folder_only_the_chosen_files_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_image(tmp_path / "000.png", 5)
    for index in range(1, 300):
        (tmp_path / f"{index:03}.png").hardlink_to(tmp_path / "000.png")
    paths: list[str] = []
    pillow_open = Image.open

    def counted(file: IO[bytes], **options: object) -> Image.Image:
        paths.append(Path(file.name).name)
        return pillow_open(file, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(images.Image, "open", counted)

    source = opened(tmp_path, input_shape=INPUT)
    source.read([17, 3])

    assert source.count == 300
    assert paths == ["000.png", "017.png", "003.png"]


def test_class_folders_give_labels_and_class_names(tmp_path: Path) -> None:
    for name in ("pets/dog/1.png", "pets/cat/1.png", "pets/cat/2.png"):
        make_image(tmp_path / name)

    source = opened(tmp_path / "pets", input_shape=INPUT)

    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [0, 0, 1]
    assert source.class_names == ("cat", "dog")
    assert source.names(2) == "dog/1.png"
    assert source.description == "folder pets, 3 images"
    assert source.steps[-1] == "Labels: the 2 class folders in the order of their names."


def test_names_of_class_folders_are_escaped(tmp_path: Path) -> None:
    make_image(tmp_path / "a\nb" / "1.png")

    assert opened(tmp_path, input_shape=INPUT).class_names == ("a\\nb",)


def test_class_folders_are_matched_with_class_names_by_name(tmp_path: Path) -> None:
    for name in ("dog/1.png", "cat/1.png"):
        make_image(tmp_path / name)

    source = opened(tmp_path, input_shape=INPUT, class_names="dog,cow,cat")

    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [2, 0]
    assert "Class folders were matched with the class names by name." in source.steps


def test_class_folders_of_other_names_are_matched_in_order_when_there_are_as_many(tmp_path: Path) -> None:
    for name in ("n01/1.png", "n02/1.png"):
        make_image(tmp_path / name)

    source = opened(tmp_path, input_shape=INPUT, class_names="tench,goldfish")

    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [0, 1]
    assert "Class folders were matched with the class names in the order of their names." in source.steps
    assert source.classes_by_position
    with pytest.raises(SamplesError, match=r"as many as the class folders, 2, or have their names. Received: 3 class"):
        opened(tmp_path, input_shape=INPUT, class_names="a,b,c")


@pytest.mark.parametrize("written", ["Dog,Cat", "0 dog,1 cat", "DOG, cat"])
def test_class_folders_are_matched_in_other_spellings(tmp_path: Path, written: str) -> None:
    for name in ("dog/1.png", "cat/1.png"):
        make_image(tmp_path / name)

    source = opened(tmp_path, input_shape=INPUT, class_names=written)

    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [1, 0]
    assert not source.classes_by_position


def test_given_labels_replace_those_of_class_folders(tmp_path: Path) -> None:
    for name in ("dog/1.png", "cat/1.png"):
        make_image(tmp_path / name)

    source = opened(tmp_path, input_shape=INPUT, labels=["dog", "dog"])

    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [1, 1]
    assert source.steps[-1] == "Labels: the given labels."


def test_a_bad_file_is_an_error_and_skipped_when_asked_for_with_its_label(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        make_image(tmp_path / name, ord(name[0]))
    (tmp_path / "b.png").write_text("text")

    with pytest.raises(SamplesError, match=r"^b.png is not an image"):
        opened(tmp_path, input_shape=INPUT).read([1])

    source = opened(tmp_path, input_shape=INPUT, labels=[5, 6, 7], skip_bad=True)
    assert source.count == 2
    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [5, 7]
    assert source.read([0, 1])[:, 0, 0, 0].tolist() == [97, 99]
    assert "Skipped 1 file that cannot be read: b.png." in source.steps


def test_skipping_works_without_labels(tmp_path: Path) -> None:
    make_image(tmp_path / "a.png")
    (tmp_path / "b.png").touch()

    assert opened(tmp_path, input_shape=INPUT, skip_bad=True).labels is None


def test_images_are_resized_unless_that_is_refused(tmp_path: Path) -> None:
    make_image(tmp_path / "a.png", 9, size=(8, 6))

    with pytest.raises(SamplesError, match="--resize"):
        opened(tmp_path, input_shape=INPUT, resize="none")
    assert opened(tmp_path, input_shape=INPUT).read([0]).tolist() == np.full((1, 4, 4, 1), 9).tolist()


def test_no_message_note_or_description_holds_the_folder(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", x=X, y=Y)
    make_image(tmp_path / "i" / "a.png")
    for path in (tmp_path / "s.npz", tmp_path / "i"):
        source = opened(path, input_shape=INPUT)
        assert str(tmp_path) not in " ".join((*source.steps, source.description, source.names(0)))


def test_labels_that_are_no_class_numbers_are_targets_where_the_model_has_a_single_output() -> None:
    images, ages = np.zeros((3, 4, 4, 1), np.uint8), np.array([30.5, 2, 71])
    source = opened((images, ages), input_shape=(4, 4, 1), targets=True)
    assert isinstance(source.labels, Targets)
    assert source.labels.values.tolist() == [30.5, 2, 71]
    assert source.steps[-1] == (
        "Labels: the labels given with the samples. They are not class numbers, so they were taken as target values."
    )
    with pytest.raises(SamplesError, match="whole numbers"):
        opened((images, ages), input_shape=(4, 4, 1))


def test_whole_labels_stay_class_numbers_where_targets_are_allowed() -> None:
    images = np.zeros((3, 4, 4, 1), np.uint8)
    source = opened(images, labels=[0, 1, 1], input_shape=(4, 4, 1), targets=True)
    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [0, 1, 1]


def test_skipped_images_take_their_targets_with_them(tmp_path) -> None:
    for name in ("a", "c"):
        Image.new("L", (4, 4)).save(tmp_path / f"{name}.png")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    source = opened(tmp_path, labels=[0.5, 1.5, 2.5], input_shape=(4, 4, 1), skip_bad=True, targets=True)
    assert isinstance(source.labels, Targets)
    assert source.labels.values.tolist() == [0.5, 2.5]


def test_labels_none_takes_samples_without_the_labels_found_with_them(tmp_path: Path) -> None:
    for name in ("pets/dog/1.png", "pets/cat/1.png"):
        make_image(tmp_path / name)
    folder = opened(tmp_path / "pets", input_shape=INPUT, labels="none")
    assert (folder.labels, folder.class_names, folder.class_names_origin) == (None, None, "")
    assert [folder.names(index) for index in range(2)] == ["cat/1.png", "dog/1.png"]
    assert folder.steps[0] == "Labels found with the samples were ignored (--labels none)."
    assert not any(note.startswith("Labels:") for note in folder.steps)
    assert opened((X, Y), input_shape=INPUT, labels="none").labels is None
    assert opened(tmp_path / "pets", input_shape=INPUT).class_names_origin == "the names of the class folders"


def test_a_file_called_none_comes_before_no_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "none").write_text("1\n0\n2\n")
    labels = opened(X, input_shape=INPUT, labels="none").labels
    assert labels is not None
    assert labels.values.tolist() == [1, 0, 2]


def test_labels_of_another_shape_are_left_out_with_the_reason(tmp_path: Path) -> None:
    reason = (
        "The labels have the shape (3, 4, 4). Only one class, one number or one row of classes per sample can be "
        "compared, so they were not used."
    )
    for source in (
        opened((X, np.zeros((3, 4, 4), np.uint8)), input_shape=INPUT),
        opened(X, input_shape=INPUT, labels=np.zeros((3, 4, 4))),
    ):
        assert source.labels == Unused(reason)
        assert reason in source.steps
    for name in ("pets/a/1.png", "pets/a/2.png", "pets/b/3.png"):
        make_image(tmp_path / name)
    folder = opened(tmp_path / "pets", input_shape=INPUT, labels=np.zeros((3, 4, 4)))
    assert (folder.labels, folder.class_names) == (Unused(reason), None)
    assert isinstance(opened((X, Y.reshape(3, 1, 1)), input_shape=INPUT).labels, ClassLabels)
    with pytest.raises(SamplesError, match="as many as the samples, 3"):
        opened((X, np.zeros((2, 4, 4))), input_shape=INPUT)


def test_a_table_of_file_names_labels_the_images_of_a_folder(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        make_image(tmp_path / "flat" / name)
    (tmp_path / "y.csv").write_text("name,label\nc.png,cat\na.png,dog\nb.png,cat\n")
    source = opened(tmp_path / "flat", input_shape=INPUT, labels=tmp_path / "y.csv", class_names="cat,dog")
    assert isinstance(source.labels, ClassLabels)
    assert source.labels.values.tolist() == [1, 0, 0]
    assert source.steps[-1] == "Labels: y.csv, matched by file name."
    (tmp_path / "n.csv").write_text("index,label\n2,5\n0,6\n1,7\n")
    labels = opened((X, str(tmp_path / "n.csv")), input_shape=INPUT).labels
    assert labels is not None
    assert labels.values.tolist() == [6, 7, 5]


def test_numbers_beyond_the_class_folders_are_no_numbers_of_folders(tmp_path: Path) -> None:
    for name in ("pets/dog/1.png", "pets/cat/1.png", "pets/cat/2.png"):
        make_image(tmp_path / name)
    beyond = opened(tmp_path / "pets", input_shape=INPUT, labels=[7, 0, 1])
    assert (beyond.class_names, beyond.labels is not None and beyond.labels.values.tolist()) == (None, [7, 0, 1])
    within = opened(tmp_path / "pets", input_shape=INPUT, labels=[1, 0, 1])
    assert within.class_names == ("cat", "dog")


def test_images_and_folders_hold_no_labels_of_other_samples(tmp_path: Path) -> None:
    make_image(tmp_path / "a.png")
    with pytest.raises(SamplesError, match="cannot be read"):
        opened(X, input_shape=INPUT, labels=tmp_path / "a.png")
    with pytest.raises(SamplesError, match="a folder of masks needs a model whose output is an image"):
        opened(X, input_shape=INPUT, labels=tmp_path)


def test_the_memory_limit_holds_for_every_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "samples.npz", x_test=X, y_test=Y)
    np.savez(tmp_path / "labels.npz", y=np.tile(Y, 3))

    with pytest.raises(
        SamplesError, match=r"array x_test, needs more memory .*48 bytes for shape \(3, 4, 4\) \(limit 47"
    ):
        opened(tmp_path / "samples.npz", input_shape=INPUT, memory_limit=47)
    with pytest.raises(SamplesError, match=r"labels.npz, array y, needs more memory than allowed. Received: 72 bytes"):
        opened(tmp_path / "samples.npz", labels=tmp_path / "labels.npz", input_shape=INPUT, memory_limit=48)
    assert opened(tmp_path / "samples.npz", labels=Y, input_shape=INPUT, memory_limit=48).count == 3
