"""What a job on GitHub is told, and that no name in it is a command."""

import io
from pathlib import Path

import pytest
from hand_built import HOSTILE, hostile_report

from reportgen.cli.github import annotations_of, commands_of, read_as_text, told_github
from reportgen.rendering import Asked
from reportgen.results import Severity


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch):
    """Return a function that gives what is written on GitHub, and what it returns."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def tell(**environment: str) -> tuple[str, str]:
        monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        stream = io.StringIO()
        returned = told_github(hostile_report(), stream, asked=Asked(fail_on=Severity.PROBLEM))
        return stream.getvalue(), returned

    return tell


def test_elsewhere_nothing_is_written(told) -> None:
    assert told() == ("", "")


def test_each_finding_is_an_annotation_of_its_severity(told) -> None:
    said, returned = told(GITHUB_ACTIONS="true")
    assert returned == ""
    lines = said.splitlines()
    assert len(lines) == len(HOSTILE)
    kinds = [line.split(" ", 1)[0] for line in lines]
    assert kinds == ["::error"] * 3 + ["::warning"] * 3 + ["::notice"] * 3
    assert all(line.count("::") >= 2 for line in lines)
    assert lines[0] == (
        "::error title=untrained-layer%3A </script><script>window.hostile = 1</script>"
        "::</script><script>window.hostile = 1</script>: 1 of 2"
    )


def test_names_cannot_begin_a_command_or_end_a_property() -> None:
    for line in commands_of(annotations_of(hostile_report())):
        assert line.isprintable()
        title = line.partition(" title=")[2].partition("::")[0]
        assert not {":", ","} & set(title)


def test_the_summary_is_appended_to(told, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n", encoding="utf-8")
    assert told(GITHUB_STEP_SUMMARY=str(summary)) == ("", "")
    said = summary.read_text(encoding="utf-8")
    assert said.startswith("# Before\n## Model report: `</script>")
    assert "Gate `--fail-on problem`: **failed by 3 findings**." in said


def test_a_summary_that_cannot_be_written_is_a_line_and_no_error(told, tmp_path: Path) -> None:
    assert told(GITHUB_STEP_SUMMARY=str(tmp_path / "none" / "summary.md")) == (
        "",
        "the file of GITHUB_STEP_SUMMARY cannot be written. Received: No such file or directory.",
    )


def test_the_terminals_lines_stand_between_commands_that_stop_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    streams = [io.StringIO(), io.StringIO()]
    for stream in streams:
        with read_as_text(stream):
            stream.write("##[error]name\n")
    (first, middle, last), (other, _, _) = (stream.getvalue().splitlines() for stream in streams)
    assert middle == "##[error]name"
    assert first.startswith("::stop-commands::")
    assert last == f"::{first.removeprefix('::stop-commands::')}::"
    assert len(last) == 36
    assert first != other
