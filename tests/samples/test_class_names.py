"""Class names: what a file of them says, and which class a name means."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.errors import SamplesError
from reportgen.samples.class_names import ClassNames, compared, positions_of, without_numbers
from reportgen.samples.readers import read_class_names

ANIMALS = ("cat", "dog", "bird")


def names_of(given: Any) -> tuple[str, ...] | None:
    read = read_class_names(given)
    return None if read is None else read.names


def test_names_come_from_text_a_sequence_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("cat, small\ndog\n")

    assert names_of(None) is None
    assert names_of("cat, dog") == ("cat", "dog")
    assert names_of("cat") == ("cat",)
    assert names_of(["cat", "dog"]) == ("cat", "dog")
    assert names_of(tmp_path / "names.txt") == ("cat, small", "dog")
    assert names_of(str(tmp_path / "names.txt")) == ("cat, small", "dog")


def test_control_characters_are_escaped() -> None:
    assert names_of(["a\nb", "\u202ec"]) == ("a\\nb", "\\u202ec")


def test_a_missing_file_is_an_error_and_not_taken_for_a_name(tmp_path: Path) -> None:
    for names in (
        tmp_path / "names.txt",
        str(tmp_path / "names.txt"),
        str(tmp_path / "names.json"),
        tmp_path / "names",
    ):
        with pytest.raises(SamplesError, match=r"--class-names: no such file or folder. Received: names"):
            read_class_names(names)


def test_empty_names_are_an_error() -> None:
    with pytest.raises(SamplesError, match=r"class names must not be empty. Received: nothing at position 2."):
        read_class_names("cat,,dog")
    with pytest.raises(SamplesError, match=r"Received: no name."):
        read_class_names([])


@pytest.mark.parametrize(
    "lines",
    [
        ["0 cat", "1 dog", "2 bird"],
        ["0:cat", "1: dog", "2 : bird"],
        ["0,cat", "1, dog", "2,bird"],
        ["0\tcat", "1\tdog", "2\tbird"],
        ["1. cat", "2. dog", "3. bird"],
        ["2 bird", "0 cat", "1 dog"],
    ],
)
def test_numbers_before_names_are_left_out_where_they_count_the_lines(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "labels.txt").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")

    names = read_class_names(tmp_path / "labels.txt")

    assert names is not None
    assert names.names == ANIMALS
    assert names.notes == ("The numbers before the class names count them and were left out.",)
    assert [names.position(line) for line in lines] == [names.position(_bare(line)) for line in lines], (
        "also by the whole line"
    )
    assert read_class_names(names) is names


def _bare(line: str) -> str:
    return line.lstrip("0123456789 .:,\t").strip()


@pytest.mark.parametrize(
    "lines",
    [
        ["1 hour", "2 hours", "4 hours"],
        ["0 cat", "dog", "2 bird"],
        ["1 tooth", "2 teeth", "3 teeth"],
        ["3 cats", "4 dogs"],
        ["0", "1", "2"],
        ["2D", "3D"],
    ],
)
def test_numbers_that_are_part_of_the_names_stay(lines: list[str]) -> None:
    assert without_numbers(lines) == ClassNames(tuple(lines))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("list.json", ANIMALS),
        ("class_indices.json", {"dog": 1, "cat": 0, "bird": 2}),
        ("index.json", {"10": "n", **{str(place): name for place, name in enumerate("defghijklm", 0)}}),
        ("imagenet_class_index.json", {str(place): [f"n0{place}", name] for place, name in enumerate(ANIMALS)}),
        ("config.json", {"model_type": "vit", "id2label": {"0": "cat", "1": "dog", "2": "bird"}, "label2id": {}}),
        ("coco.json", {"categories": [{"id": 3, "name": "bird"}, {"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}),
        ("names.txt", ANIMALS),
    ],
)
def test_names_come_from_json(tmp_path: Path, file: str, content: Any) -> None:
    (tmp_path / file).write_text(json.dumps(content), encoding="utf-8-sig")

    assert names_of(str(tmp_path / file)) == (tuple("defghijklmn") if file == "index.json" else ANIMALS)


def test_the_identifier_beside_a_name_means_the_class_too(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(json.dumps({"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}))

    names = read_class_names(tmp_path / "index.json")

    assert names is not None
    assert positions_of(["n01440764", "n01443537"], names) == (0, 1)
    assert positions_of(["1", "0"], names) == (1, 0)
    assert positions_of(["Goldfish"], names) == (1,)


@pytest.mark.parametrize(
    "text",
    [
        "id,name\n0,cat\n1,dog\n2,bird\n",
        "name,id\ncat,0\ndog,1\nbird,2\n",
        "0,cat\n1,dog\n2,bird\n",
        "cat,0\nbird,2\ndog,1\n",
        "Class ID;Name\n1;cat\n2;dog\n3;bird\n",
        "index\tlabel\n0\tcat\n1\tdog\n2\tbird\n",
        "name\ncat\ndog\nbird\n",
        "cat\ndog\nbird\n",
        "id,name,photos\n0,cat,31\n1,dog,31\n2,bird,7\n",
        "0 cat\n1 dog\n2 bird\n",
    ],
)
def test_names_come_from_a_table(tmp_path: Path, text: str) -> None:
    (tmp_path / "names.csv").write_text(text)

    assert names_of(tmp_path / "names.csv") == ANIMALS


def test_names_come_from_an_array_and_from_one_line(tmp_path: Path) -> None:
    np.save(tmp_path / "classes.npy", np.array(ANIMALS))
    (tmp_path / "names.txt").write_text("cat, dog,bird\n")

    assert names_of(tmp_path / "classes.npy") == ANIMALS
    assert names_of(tmp_path / "names.txt") == ANIMALS


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("a.json", b'{"cat": 0, "dog": 2}', "does not say what the classes are called. Received: the number 2."),
        ("a.json", b'{"cat": [1]}', r"Received: an object of another form. A JSON file holds a list, .*\{\"cat\": 0\}"),
        ("a.json", b'[["a"], 3]', "Received: a list of something else than names."),
        ("a.json", b"[]", "Received: a list"),
        ("a.json", b"3", "Received: a single value"),
        ("a.json", b'{"cat": 0', "a.json cannot be read."),
        ("a.json", b"[" * 100_000, "a.json cannot be read."),
        ("a.json", b'{"0": ""}', "class names must not be empty"),
        ("a.csv", b"id,name\n0,cat\n0,dog\n", "Received: the number 0."),
        ("a.csv", b"x,y\ncat,dog\n", "Received: 2 columns, none with the numbers of the classes."),
        ("a.csv", b"id,name\n0,cat\n1,dog,big\n", "Received: lines of several lengths."),
        ("a.pkl", b"\x80\x04\x95", "a Python pickle, which is not opened because it can run code."),
    ],
)
def test_another_form_is_named_with_those_that_are_read(
    tmp_path: Path, file: str, content: bytes, message: str
) -> None:
    (tmp_path / file).write_bytes(content)

    with pytest.raises(SamplesError, match=message):
        read_class_names(tmp_path / file)


def test_an_array_of_numbers_and_a_huge_file_are_errors(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(3))
    (tmp_path / "b.json").write_bytes(b" " * (17 << 20))

    with pytest.raises(SamplesError, match=r"Received: float64 of shape \(3,\)"):
        read_class_names(tmp_path / "a.npy")
    with pytest.raises(SamplesError, match=r"Received: 17.0 MiB of JSON."):
        read_class_names(tmp_path / "b.json")


def test_a_name_is_found_in_other_spellings() -> None:
    names = ClassNames(("Hot Dog", "été", "T-shirt", "tshirt"))

    assert names.position("hot_dog") == names.position("HOT-DOG") == names.position("hotdog") == 0
    assert names.position(unicodedata.normalize("NFD", "Été")) == 1
    assert names.position("T-shirt") == 2
    assert names.position("T Shirt") is None, "two names are nearly this one"
    assert names.position("cat") is None
    assert compared("_") == "_"


def test_folders_are_classes_by_name_or_by_none() -> None:
    names = ClassNames(("cat", "dog", "bird"))

    assert positions_of(["Bird", "CAT", "dog"], names) == (2, 0, 1)
    assert positions_of(["00_dog", "01_cat"], names) == (1, 0)
    assert positions_of(["one", "two", "three"], names) is None
    with pytest.raises(
        SamplesError, match=r"Received: fish without a class, and cat, bird without a folder. Rename the folders"
    ):
        positions_of(["dog", "fish"], names)
    with pytest.raises(SamplesError, match=r"different classes. Received: Cat, cat for cat. Put their files"):
        positions_of(["Cat", "cat"], names)
