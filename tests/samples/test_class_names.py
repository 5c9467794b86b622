from pathlib import Path

import pytest

from reportgen.errors import SamplesError
from reportgen.samples.readers import read_class_names


def test_names_come_from_text_a_sequence_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("cat, small\ndog\n")

    assert read_class_names(None) is None
    assert read_class_names("cat, dog") == ("cat", "dog")
    assert read_class_names("cat") == ("cat",)
    assert read_class_names(["cat", "dog"]) == ("cat", "dog")
    assert read_class_names(tmp_path / "names.txt") == ("cat, small", "dog")
    assert read_class_names(str(tmp_path / "names.txt")) == ("cat, small", "dog")


def test_control_characters_are_escaped() -> None:
    assert read_class_names(["a\nb", "\u202ec"]) == ("a\\nb", "\\u202ec")


def test_a_missing_file_is_an_error_and_not_taken_for_a_name(tmp_path: Path) -> None:
    for names in (tmp_path / "names.txt", str(tmp_path / "names.txt"), tmp_path / "names"):
        with pytest.raises(SamplesError, match=r"--class-names: no such file or folder. Received: names"):
            read_class_names(names)


def test_empty_names_are_an_error() -> None:
    with pytest.raises(SamplesError, match=r"class names must not be empty. Received: nothing at position 2."):
        read_class_names("cat,,dog")
    with pytest.raises(SamplesError, match=r"Received: no name."):
        read_class_names([])
