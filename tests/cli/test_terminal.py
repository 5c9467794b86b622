import io
import os
import sys
import warnings
from dataclasses import replace
from types import SimpleNamespace

from reportgen.cli.terminal import (
    StageTimes,
    count_text,
    findings_text,
    gate_text,
    quiet_standard_error,
    rules_text,
    shown_stages,
)
from reportgen.progress import Progress
from reportgen.results.findings import Finding, Inconclusive, ModelSummary, RuleInForce, Severity
from reportgen.results.report import Report, Section


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


def test_a_long_stage_shows_how_much_is_done_and_how_long_the_rest_takes():
    assert count_text(Progress("stage", 3200, 20000, 65.9)) == "3,200 of 20,000, 1:05 left"
    assert count_text(Progress("stage", 3200, 20000)) == "3,200 of 20,000"
    terminal = Terminal()
    with shown_stages(terminal, quiet=False) as on_stage:
        on_stage.tell(Progress("before any"))
        on_stage("Running the model")
        on_stage.tell(Progress("Running the model", 3200, 20000, 65.9))
    assert "3,200 of 20,000, 1:05 left" in terminal.getvalue()


def test_no_stages_are_shown_elsewhere_or_when_quiet():
    for stream, quiet in ((io.StringIO(), False), (Terminal(), True)):
        with shown_stages(stream, quiet=quiet) as on_stage:
            on_stage("Weights")
            on_stage.tell(Progress("Weights", 1, 2))
        assert stream.getvalue() == ""


def test_findings_are_counted_and_the_first_eight_are_listed():
    found = [finding(Severity.PROBLEM, "a"), *[finding(Severity.NOTE, f"n{i}") for i in range(9)]]
    lines = findings_text(found).splitlines()
    assert lines[0] == "1 problem, 0 warnings, 9 notes"
    assert lines[1] == "  problem: a: message"
    assert lines[8:] == ["  note: n6: message", "  and 2 more on the page"]


def test_what_follows_from_a_finding_is_one_line_under_it():
    cause = Finding("silent-channels", Severity.PROBLEM, "conv", "message", {}, 0, "source")
    follow = [
        Finding(code, Severity.WARNING, subject, "message", {}, 0, "source", ("silent-channels",))
        for code, subject in (("constant-output", "outputs"), ("drifted-statistics", "a"), ("drifted-statistics", "b"))
    ]
    assert findings_text([cause, finding(Severity.NOTE, "n"), *follow]).splitlines() == [
        "1 problem, 3 warnings, 1 note",
        "  problem: conv: message",
        "    from which follow: constant-output, drifted-statistics x 2",
        "  note: n: message",
    ]


def test_no_findings_are_one_line():
    assert findings_text([]) == "0 problems, 0 warnings, 0 notes"


UNDECIDED = Inconclusive("recall-below-chance", "cat", "recall 0.2 (0.05 to 0.4), limit 0.1", 1400)
HOPELESS = Inconclusive("miscalibration", "samples", "at the limit", None)


def report(*severities: Severity, inconclusive: tuple[Inconclusive, ...] = ()) -> Report:
    found = tuple(finding(severity, "a") for severity in severities)
    model = ModelSummary("m", "Sequential", None, None, 0, 0, 0)
    return Report(SimpleNamespace(set_by={}), model, None, (Section("a", "A", None, found, inconclusive),))


def test_what_is_inconclusive_stands_after_the_findings():
    assert findings_text([finding(Severity.NOTE, "a")], [UNDECIDED, HOPELESS]).splitlines() == [
        "0 problems, 0 warnings, 1 note, 2 inconclusive",
        "  note: a: message",
        "  inconclusive: cat: recall 0.2 (0.05 to 0.4), limit 0.1 (about 1,400 samples would decide)",
        "  inconclusive: samples: at the limit (no number of samples would decide)",
    ]
    assert findings_text([], [UNDECIDED] * 10).splitlines()[-1] == "  and 2 more inconclusive on the page"


def test_the_gate_counts_what_failed_it_and_nothing_below():
    found = report(Severity.PROBLEM, Severity.WARNING, Severity.WARNING, Severity.NOTE)
    assert gate_text(found, "warning") == "--fail-on warning: failed by 1 problem and 2 warnings."
    assert gate_text(found, "note") == "--fail-on note: failed by 1 problem, 2 warnings and 1 note."
    assert gate_text(report(Severity.WARNING), "problem") == ""
    assert gate_text(report(), "note") == ""


def test_the_gate_says_what_is_inconclusive_without_failing():
    assert gate_text(report(inconclusive=(UNDECIDED,)), "problem") == (
        "--fail-on problem: passed; inconclusive: recall-below-chance on cat (about 1,400 samples would decide)."
    )
    assert gate_text(report(Severity.PROBLEM, inconclusive=(UNDECIDED, HOPELESS)), "problem") == (
        "--fail-on problem: failed by 1 problem; inconclusive: recall-below-chance on cat (about 1,400 samples would decide) "
        "and miscalibration on samples (no number of samples would decide)."
    )


def test_the_gate_names_the_rules_that_a_file_turned_off_lowered_or_moved():
    rules = (
        RuleInForce("weak-filters", 2, Severity.NOTE, "norm"),
        RuleInForce("untrained-layer", 1, Severity.WARNING, "x", off=True, set_by="pyproject.toml"),
        RuleInForce("miscalibration", 0.1, Severity.NOTE, "x", set_by="pyproject.toml", lowered=True, moved=True),
        RuleInForce("exploded-norm", 9, Severity.WARNING, "x", set_by="pyproject.toml", moved=True),
        RuleInForce("input-range", 9, Severity.PROBLEM, "x", set_by="pyproject.toml"),
    )
    assert gate_text(replace(report(), rules=rules), "problem") == (
        "--fail-on problem: passed; rules off or lowered by pyproject.toml: untrained-layer, miscalibration; thresholds set by "
        "pyproject.toml: exploded-norm."
    )
    assert gate_text(replace(report(), rules=rules[:1]), "problem") == ""


def test_few_samples_are_one_line():
    few = replace(report(inconclusive=(UNDECIDED, UNDECIDED, HOPELESS)), samples=SimpleNamespace(evaluated=8))
    assert few.undecided == (HOPELESS,)
    assert few.too_few == "8 samples are too few to judge recall-below-chance (about 1,400 samples)"
    assert findings_text((), few.undecided, too_few=few.too_few).splitlines() == [
        "0 problems, 0 warnings, 0 notes, 2 inconclusive",
        "  inconclusive: samples: at the limit (no number of samples would decide)",
        f"  inconclusive: {few.too_few}",
    ]
    assert gate_text(few, "problem").endswith(f"; {few.too_few}.")
    # one rule by itself has its own sentence, and so has each where there are enough samples
    assert replace(few, sections=report(inconclusive=(UNDECIDED,)).sections).too_few == ""
    many = replace(few, samples=SimpleNamespace(evaluated=30))
    assert (many.too_few, many.undecided) == ("", (UNDECIDED, UNDECIDED, HOPELESS))


def test_stages_are_listed_with_their_cost_and_the_sum(monkeypatch):
    processor, clock = iter([1.0, 1.25, 3.25, 4.0]), iter([10.0, 10.5, 13.0, 14.0])
    monkeypatch.setattr("time.process_time", lambda: next(processor))
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    heard: list[str] = []
    times = StageTimes()
    tell = times.also_tell(heard.append)
    tell("Loading TensorFlow")
    tell("Weights")
    times.end()
    assert heard == ["Loading TensorFlow", "Weights"]
    assert times.text().splitlines() == [
        "  CPU s  wall s  stage",
        "   0.25    0.50  Starting",
        "   2.00    2.50  Loading TensorFlow",
        "   0.75    1.00  Weights",
        "   3.00    4.00  in all",
    ]


def test_rules_are_three_lines_each_with_what_was_set():
    row = {"code": "a", "severity": "note", "threshold": 0.5, "unit": "share", "meaning": "m", "source": "s"}
    row |= {"why": "", "action": ""}
    rows = [row | {"off": False, "set_by": "default"}, row | {"code": "long", "off": True, "set_by": "r.toml"}]
    assert rules_text(rows).splitlines() == [
        "a     note     0.5: share",
        "    m",
        "    s",
        "long  off (set by r.toml)",
        "    m",
        "    s",
    ]
