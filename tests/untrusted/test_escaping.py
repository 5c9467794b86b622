"""Hostile and long names on one line."""

from pathlib import Path

import pytest

from reportgen.untrusted.escaping import base_name, escaped, reason_of, shown


def test_unseen_characters_become_escapes() -> None:
    assert escaped("a\u202eb\x00c\nd\te\ud800\u2028\x1b") == "a\\u202eb\\x00c\\nd\\te\\ud800\\u2028\\x1b"


def test_what_is_seen_stays_as_it_is() -> None:
    assert escaped("a <\xe9> \uace0\uc591\uc774\u3000\u732b") == "a <\xe9> \uace0\uc591\uc774\u3000\u732b"


def test_what_is_kept_is_not_escaped() -> None:
    assert escaped("a\u202eb\nc\td\r", keep="\n\t") == "a\\u202eb\nc\td\\r"


def test_long_texts_are_cut_after_they_were_escaped() -> None:
    assert shown("x" * 80) == "x" * 80
    assert shown("x" * 100) == "x" * 79 + "…"
    assert shown("\n" * 50) == "\\n" * 39 + "\\…"
    assert shown("a" * 10**6 + "b" * 10**6, limit=60, end=19) == "a" * 40 + "…" + "b" * 19
    assert shown("a" * 70 + "b" * 30, end=30) == "a" * 49 + "…" + "b" * 30


@pytest.mark.parametrize("path", [".", ""])
def test_the_name_of_a_dot_is_the_folders_own(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flowers" / "roses").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "flowers")
    assert base_name(path) == "flowers"
    assert base_name("roses/..") == "flowers"
    assert base_name(tmp_path / "flowers" / "roses") == "roses"


def test_the_reason_of_an_error_is_its_first_line_without_a_folder(tmp_path: Path) -> None:
    assert reason_of(ValueError("config={}\nException encountered: bad\nmore")) == "bad"
    assert reason_of(ValueError()) == "ValueError"
    with pytest.raises(OSError, match="No such file") as caught:
        (tmp_path / "missing").open()
    assert reason_of(caught.value) == "No such file or directory"
