import io
import os
import sys
import warnings

from reportgen.results import Finding, Severity
from reportgen.terminal import findings_text, quiet_standard_error, shown_stages


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def finding(severity: Severity, subject: str) -> Finding:
    return Finding("code", severity, subject, "message", {}, 0, "source")


def test_what_others_write_to_standard_error_is_thrown_away_and_what_we_write_is_not(capfd, monkeypatch):
    monkeypatch.delenv("REPORTGEN_DEBUG", raising=False)
    with quiet_standard_error() as stream:
        os.write(2, b"chatter")
        warnings.warn("more chatter", stacklevel=1)
        stream.write("ours\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "ours\nafter\n"


def test_nothing_is_thrown_away_while_debugging(capfd, monkeypatch):
    monkeypatch.setenv("REPORTGEN_DEBUG", "1")
    with quiet_standard_error() as stream:
        os.write(2, b"chatter\n")
        assert stream is sys.stderr
    assert capfd.readouterr().err == "chatter\n"


def test_stages_are_shown_on_a_terminal_with_their_time():
    terminal = Terminal()
    with shown_stages(terminal, quiet=False) as on_stage:
        on_stage("Loading the model")
        on_stage("Weights")
    shown = terminal.getvalue()
    assert "Loading the model" in shown
    assert "0:00:00" in shown


def test_no_stages_are_shown_elsewhere_or_when_quiet():
    for stream, quiet in ((io.StringIO(), False), (Terminal(), True)):
        with shown_stages(stream, quiet=quiet) as on_stage:
            on_stage("Weights")
        assert stream.getvalue() == ""


def test_findings_are_counted_and_the_first_eight_are_listed():
    found = [finding(Severity.PROBLEM, "a"), *[finding(Severity.NOTE, f"n{i}") for i in range(9)]]
    lines = findings_text(found).splitlines()
    assert lines[0] == "1 problem, 0 warnings, 9 notes"
    assert lines[1] == "  problem: a: message"
    assert lines[8:] == ["  note: n6: message", "  and 2 more on the page"]


def test_no_findings_are_one_line():
    assert findings_text([]) == "0 problems, 0 warnings, 0 notes"
