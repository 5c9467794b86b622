import os
from pathlib import Path

import pytest

from reportgen.errors import SamplesError
from reportgen.samples import files
from reportgen.untrusted import limits


def test_undecodable_bytes_of_a_file_name_are_escaped() -> None:
    assert files.shown_name(os.fsdecode(b"caf\xe9.png")) == "caf\\udce9.png"


def test_long_names_keep_their_start_and_their_ending() -> None:
    shown = files.shown_name("a" * 100 + ".png")

    assert shown == "a" * 40 + "…" + "a" * 15 + ".png"
    assert len(shown) == 60


def test_a_name_of_sixty_characters_is_kept() -> None:
    assert files.shown_name("b" * 60) == "b" * 60


def test_the_base_name_of_a_dot_is_the_folders_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flowers").mkdir()
    monkeypatch.chdir(tmp_path / "flowers")

    assert files.base_name(Path()) == "flowers"
    assert files.base_name(tmp_path / "flowers") == "flowers"


def test_the_reason_of_an_error_names_no_folder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        (tmp_path / "missing").open()

    assert files.reason(caught.value) == "No such file or directory"
    assert files.reason(ValueError("a\x00\nb")) == "a\\x00"
    assert files.reason(EOFError()) == "EOFError"


@pytest.mark.parametrize("name", ["missing.npz", "a\0b", "x" * 5000])
def test_what_is_not_there_is_named_without_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(SamplesError) as caught:
        files.existing_path(tmp_path / name)

    assert str(caught.value).startswith("--samples: no such file or folder. Received: ")
    assert str(tmp_path) not in str(caught.value)
    assert "\0" not in str(caught.value)


def test_a_fifo_is_refused_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")

    with pytest.raises(SamplesError, match=r"must be a regular file or a folder. Received: pipe.npz"):
        files.existing_path(tmp_path / "pipe.npz")


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match=r"gone.npz cannot be read. Received: No such file or directory."):
        files.first_bytes(tmp_path / "gone.npz")


def test_lines_are_stripped_and_empty_ones_at_the_end_left_out(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes(b"\xef\xbb\xbfcat \r\n dog\r\n\r\n")

    assert files.read_lines(tmp_path / "labels.txt") == ["cat", "dog"]


def test_an_empty_text_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("\n\n")

    with pytest.raises(SamplesError, match=r"labels.txt is empty. Received: no line."):
        files.read_lines(tmp_path / "labels.txt")


def test_an_empty_line_in_between_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\n\ndog\n")

    with pytest.raises(SamplesError, match=r"one entry on each line. Received: nothing on line 2."):
        files.read_lines(tmp_path / "labels.txt")


def test_a_text_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SamplesError, match=r"labels.txt cannot be read. Received: 'utf-8' codec"):
        files.read_lines(tmp_path / "labels.txt")


def test_a_huge_text_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "labels.txt").write_text("0\n" * 10)
    monkeypatch.setattr(limits, "TEXT_BYTES", 19)

    with pytest.raises(SamplesError, match=r"labels.txt is too large. Received: 20 bytes"):
        files.read_lines(tmp_path / "labels.txt")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("a;b\n1,5;2\n", [["a", "b"], ["1,5", "2"]]),
        ("a\tb\n1\t\n", [["a", "b"], ["1", ""]]),
        ('a,b\n"1;2",3\n', [["a", "b"], ["1;2", "3"]]),
        ("dog\ncat\n", [["dog"], ["cat"]]),
        ("a;b;c\n1;2\n", [["a", "b", "c"], ["1", "2"]]),
    ],
)
def test_rows_are_separated_by_what_gives_all_as_many_columns(tmp_path: Path, text: str, rows: list[list[str]]) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert files.read_rows(tmp_path / "a.csv") == rows
