"""Writing files so that nobody ever sees half of one."""

import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import OutputError
from reportgen.rendering.output import check_page_size, check_writable, large_page_warning, megabytes, write_all
from reportgen.report import Report
from reportgen.results.findings import ModelSummary, Provenance


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_texts_are_written_as_utf8_with_unix_line_ends(tmp_path: Path) -> None:
    write_all({tmp_path / "a.html": "é\n", tmp_path / "b.json": "{}"})
    assert (tmp_path / "a.html").read_bytes() == b"\xc3\xa9\n"
    assert (tmp_path / "b.json").read_bytes() == b"{}"
    assert left(tmp_path) == ["a.html", "b.json"]


def test_an_older_report_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "a.html"
    target.write_text("old")
    target.chmod(0o640)
    write_all({target: "new"})
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_all({tmp_path / "a.html": "new"})
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.html").stat().st_mode) == 0o640


def test_failure_in_the_second_file_leaves_both_old_ones_and_no_temporary(tmp_path: Path) -> None:
    first, second = tmp_path / "a.html", tmp_path / "gone" / "b.json"
    first.write_text("old")
    with pytest.raises(OutputError) as caught:
        write_all({first: "new", second: "new"})
    assert str(caught.value) == (
        f"the report cannot be written to {second}. Received: No such file or directory. Choose another place."
    )
    assert first.read_text() == "old"
    assert left(tmp_path) == ["a.html"]


def test_full_disk_leaves_both_old_files_and_no_temporary(tmp_path: Path, monkeypatch: Any) -> None:
    first, second = tmp_path / "a.html", tmp_path / "b.json"
    first.write_text("old a")
    second.write_text("old b")
    real = os.fdopen
    opened = []

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, _: str) -> None:
            raise OSError(28, "No space left on device")

    def fdopen(handle: int, *args: Any, **kwargs: Any) -> Any:
        opened.append(handle)
        file = real(handle, *args, **kwargs)
        return file if len(opened) == 1 else Full(file)

    monkeypatch.setattr(os, "fdopen", fdopen)
    with pytest.raises(OutputError, match=r"b\.json\. Received: No space left on device"):
        write_all({first: "new", second: "new"})
    assert (first.read_text(), second.read_text()) == ("old a", "old b")
    assert left(tmp_path) == ["a.html", "b.json"]


def test_interrupt_leaves_the_old_file_and_no_temporary(tmp_path: Path, monkeypatch: Any) -> None:
    target = tmp_path / "a.html"
    target.write_text("old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "chmod", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all({target: "new"})
    assert target.read_text() == "old"
    assert left(tmp_path) == ["a.html"]


def test_a_link_stays_and_the_file_that_it_names_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.html").write_text("old")
    link = tmp_path / "link.html"
    link.symlink_to(tmp_path / "real" / "a.html")
    write_all({link: "new"})
    assert link.is_symlink()
    assert (tmp_path / "real" / "a.html").read_text() == "new"


def test_half_a_surrogate_pair_does_not_stop_the_report(tmp_path: Path) -> None:
    write_all({tmp_path / "a.html": "x\udcffy"})
    assert (tmp_path / "a.html").read_text() == "x?y"


def test_a_long_name_is_written(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 250 + ".html")
    write_all({target: "new"})
    assert left(tmp_path) == [target.name]


def test_existing_folder_is_accepted(tmp_path: Path) -> None:
    check_writable(tmp_path / "a.html")
    assert left(tmp_path) == []


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "gone" / "a.html"
    with pytest.raises(OutputError) as caught:
        check_writable(target)
    assert str(caught.value) == (
        f"the output folder must exist. Received: {target}, whose folder does not. Create it or choose another."
    )


def test_a_folder_as_target_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="which is a folder"):
        check_writable(tmp_path)


def test_a_device_or_pipe_as_target_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for target in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(OutputError, match="which is a device or a pipe"):
            check_writable(target)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="must be writable"):
            check_writable(tmp_path / "a.html")
    finally:
        tmp_path.chmod(0o700)


def test_folder_that_the_system_calls_unwritable_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    target = tmp_path / "a.html"
    with pytest.raises(OutputError) as caught:
        check_writable(target)
    assert str(caught.value) == (
        f"the output folder must be writable. Received: {target}, whose folder is not. Choose another."
    )


def test_page_and_json_must_be_two_files(tmp_path: Path, monkeypatch: Any) -> None:
    provenance = Provenance(None, None, "0", "", None, (), {}, "", 0, {}, "", "")
    report = Report(provenance, ModelSummary("m", "Sequential", None, None, 0, 0, 0), None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError) as caught:
        report.save("a.html", json_path=tmp_path / "a.html")
    assert str(caught.value) == (
        f"what is written must be different files. Received: {tmp_path / 'a.html'} twice. Choose another name."
    )
    assert left(tmp_path) == []


def test_a_page_is_measured_in_millions_of_bytes_of_utf8() -> None:
    assert megabytes("é" * 1_000_000) == 2.0


def test_a_page_may_be_as_large_as_allowed_and_not_larger() -> None:
    check_page_size("x" * 1_500_000, 1.5)
    with pytest.raises(OutputError) as caught:
        check_page_size("x" * 1_500_001, 1.5)
    assert str(caught.value) == (
        "the page must have at most 1.5 MB. Received: 1.5 MB. Show fewer samples (--select), fewer tiles (--max-tiles) or "
        "fewer layers (--layers), or allow more by --max-size."
    )


def test_a_page_of_five_megabytes_is_large(tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    page.write_bytes(b"x" * 4_999_999)
    assert large_page_warning(page) == ""
    page.write_bytes(b"x" * 5_000_000)
    assert large_page_warning(page) == (
        "the page has 5.0 MB and may open slowly; fewer samples (--select), --max-tiles or --layers make it smaller."
    )


def test_a_file_that_cannot_be_moved_leaves_page_and_numbers_of_one_run(tmp_path: Path, monkeypatch: Any) -> None:
    page, numbers, new = tmp_path / "a.html", tmp_path / "b.json", tmp_path / "c.pdf"
    page.write_text("old page")
    numbers.write_text("old numbers")
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if target == numbers and self.read_text() == "new numbers":
            raise OSError(5, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OutputError, match=r"b\.json\. Received: Input/output error"):
        write_all({new: "new", page: "new page", numbers: "new numbers"})
    assert (page.read_text(), numbers.read_text()) == ("old page", "old numbers")
    assert left(tmp_path) == ["a.html", "b.json"]


@pytest.mark.parametrize(("before", "kept"), [(".a.html", "old"), ("moving", "new")])
def test_a_signal_leaves_old_files_or_new_ones_and_no_temporary(
    tmp_path: Path, monkeypatch: Any, before: str, kept: str
) -> None:
    page, numbers = tmp_path / "a.html", tmp_path / "b.json"
    page.write_text("old")
    numbers.write_text("old")
    method = "chmod" if before == ".a.html" else "replace"
    real = getattr(Path, method)

    def interrupted(self: Path, *arguments: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return real(self, *arguments)

    monkeypatch.setattr(Path, method, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all({page: "new", numbers: "new"})
    assert (page.read_text(), numbers.read_text()) == (kept, kept)
    assert left(tmp_path) == ["a.html", "b.json"]


def test_names_that_no_file_can_have_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.html").symlink_to("loop.html")
    for target in (tmp_path / "loop.html", tmp_path / ("n" * 300), Path("a\0b")):
        with pytest.raises(OutputError, match=r"^the output cannot be written\. Received: "):
            check_writable(target)


def test_a_link_into_a_missing_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link.html").symlink_to(tmp_path / "gone" / "r.html")
    with pytest.raises(OutputError, match="the output folder must exist"):
        check_writable(tmp_path / "link.html")
