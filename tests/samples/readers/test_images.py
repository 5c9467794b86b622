from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import SamplesError
from reportgen.samples.readers import images as folders
from reportgen.samples.readers.images import list_images, readable_images


def make_image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4)).save(path)


def test_a_flat_folder_is_sorted_and_has_no_labels(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "c.webp"):
        make_image(tmp_path / name)

    files = list_images(tmp_path)

    assert files.names == ("a.JPG", "b.png", "c.webp")
    assert files.labels is None
    assert files.class_names is None
    assert files.notes == ()
    assert files.path(1) == tmp_path / "b.png"
    assert files.description == f"folder {tmp_path.name}, 3 images"


def test_class_folders_give_labels_and_empty_ones_count(tmp_path: Path) -> None:
    for name in ("dog/1.png", "cat/2.png", "cat/1.png"):
        make_image(tmp_path / name)
    (tmp_path / "cow").mkdir()
    (tmp_path / ".cache").mkdir()

    files = list_images(tmp_path)

    assert files.names == ("cat/1.png", "cat/2.png", "dog/1.png")
    assert files.class_names == ("cat", "cow", "dog")
    assert files.labels is not None
    assert files.labels.values.tolist() == [0, 0, 2]
    assert files.labels.notes == ("Labels: the 3 class folders in the order of their names.",)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    make_image(tmp_path / "a.png")
    make_image(tmp_path / "masks" / "a.png")
    for name in ("1.txt", "2.txt", "3\n.txt", "4.txt", ".DS_Store"):
        (tmp_path / name).touch()

    files = list_images(tmp_path)

    assert files.names == ("a.png",)
    assert files.notes == (
        "Left out 4 files beside the images: 1.txt, 2.txt, 3\\n.txt and 1 more.",
        "Left out 1 folder beside the images: masks.",
    )


def test_other_files_in_class_folders_are_said(tmp_path: Path) -> None:
    make_image(tmp_path / "cat" / "a.png")
    (tmp_path / "cat" / "notes.txt").touch()

    assert list_images(tmp_path).notes == ("Left out 1 file beside the images: notes.txt.",)


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x" / "cat").mkdir(parents=True)
    (tmp_path / "x" / "cat" / "a.txt").touch()

    with pytest.raises(SamplesError, match=r"Folder x holds no image. Received: 1 other files."):
        list_images(tmp_path / "x")


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"gone cannot be read. Received: No such file or directory."):
        list_images(tmp_path / "gone")


def test_bad_files_are_named_counted_and_skipped(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        make_image(tmp_path / name)
    noise = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    Image.fromarray(noise).save(tmp_path / "b.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:-500])
    (tmp_path / "d.png").write_text("not an image")

    kept, notes = readable_images(list_images(tmp_path))

    assert kept.tolist() == [0, 2]
    assert notes == ("Skipped 2 files that cannot be read: b.png, d.png.",)


def test_without_bad_files_there_is_nothing_to_say(tmp_path: Path) -> None:
    make_image(tmp_path / "a.png")

    kept, notes = readable_images(list_images(tmp_path))

    assert kept.tolist() == [0]
    assert notes == ()


def test_in_a_large_folder_the_headers_alone_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.png", "b.png"):
        make_image(tmp_path / name)
    (tmp_path / "c.png").touch()
    monkeypatch.setattr(folders, "FULLY_CHECKED", 2)

    def decode(*arguments: object, **options: object) -> np.ndarray:
        raise AssertionError("a pixel was decoded")

    monkeypatch.setattr(folders, "read_image", decode)

    kept, notes = readable_images(list_images(tmp_path))

    assert kept.tolist() == [0, 1]
    assert notes == (
        "Skipped 1 file that cannot be read: c.png.",
        "Only the headers of the 3 images were checked for damage.",
    )


def test_a_folder_of_bad_files_alone_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.png").touch()

    with pytest.raises(SamplesError, match=r"No image can be read. Received: 1 damaged files in folder x."):
        readable_images(list_images(tmp_path / "x"))


@pytest.mark.parametrize(
    ("parts", "taken", "left"),
    [
        (("train", "test"), "test", "train"),
        (("train", "validation"), "validation", "train"),
        (("training_set", "test_set"), "test_set", "training_set"),
        (("Train", "Val", "Test"), "Test", "Train, Val"),
        (("train", "valid", "notes"), "valid", "notes, train"),
    ],
)
def test_of_a_data_set_the_test_part_is_taken_and_it_is_said(
    tmp_path: Path, parts: tuple[str, ...], taken: str, left: str
) -> None:
    for part in parts:
        for name in ("cat/1.png", "dog/1.png"):
            make_image(tmp_path / "root" / part / name)

    files = list_images(tmp_path / "root")

    assert files.folder == tmp_path / "root" / taken
    assert files.class_names == ("cat", "dog")
    assert files.notes == (f"The part {taken} of the data set was used, not {left}.",)
    assert files.description == f"folder root/{taken}, 2 images"


def test_a_part_with_class_folders_comes_before_one_without(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "test/1.png", "val/cat/1.png"):
        make_image(tmp_path / name)

    assert list_images(tmp_path).folder == tmp_path / "val"


def test_classes_that_are_called_like_a_part_are_classes(tmp_path: Path) -> None:
    for name in ("train/1.png", "car/1.png"):
        make_image(tmp_path / name)

    assert list_images(tmp_path).class_names == ("car", "train")


def test_a_folder_around_the_data_set_is_passed_and_what_macs_add_is_no_class(tmp_path: Path) -> None:
    for name in ("flowers/daisy/1.png", "flowers/rose/1.png", "flowers/__MACOSX/1.png", "__MACOSX/1.png"):
        make_image(tmp_path / name)

    assert list_images(tmp_path).class_names == ("daisy", "rose")
