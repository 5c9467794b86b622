"""Where an option's value comes from: given, the environment, a configuration, the default; and that a report says it."""

from pathlib import Path
from typing import Any

import pytest

import reportgen
from reportgen.cli.outcome import InForce, Outcome, gate_in_force, with_gate
from reportgen.cli.terminal import gate_text
from reportgen.errors import UsageError
from reportgen.options import DEFAULTS, ReportOptions, Settled, settled
from reportgen.rendering.markdown import render_markdown


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def settle(given: dict[str, Any] | None = None, **configured: Any) -> Settled:
    options = ReportOptions(**(given or {}))
    return settled(options, given=given, configured=configured, file="pyproject.toml")


def test_what_is_given_wins_over_the_environment_and_that_over_a_file(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("REPORTGEN_SEED", "2")
    environment.setenv("REPORTGEN_BINS", "20")
    found = settle({"seed": 0}, seed=3, bins=30, redraws=40)
    assert (found.options.seed, found.options.bins, found.options.redraws) == (0, 20, 40)
    assert found.options.max_tiles == DEFAULTS.max_tiles
    assert found.set_by == {"bins": "REPORTGEN_BINS", "redraws": "pyproject.toml"}


def test_without_names_of_what_was_given_it_is_what_is_not_at_its_default() -> None:
    found = settled(ReportOptions(seed=1), given=None, configured={"seed": 3, "bins": 30}, file="f")
    assert (found.options.seed, found.options.bins, found.set_by) == (1, 30, {"bins": "f"})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("redact", "1", True),
        ("redact", "TRUE", True),
        ("redact", "0", False),
        ("redact", "", False),
        ("seed", "7", 7),
        ("kernel_range", "2", 2.0),
        ("memory_limit", "0.5", 0.5),
        ("layers", "a, b*", ("a", "b*")),
        ("attribution", "none", ("none",)),
        ("expect", "accuracy=0.9; top5=0.99", ("accuracy=0.9", "top5=0.99")),
        ("custom_objects", "mine.py", ("mine.py",)),
        ("activation", "<lambda>=relu;x=elu", ("<lambda>=relu", "x=elu")),
        ("select", "0,5,7", "0,5,7"),
        ("lang", "ko", "ko"),
        ("effort", "quick", "quick"),
    ],
)
def test_texts_of_the_environment_are_read_by_the_options_type(
    environment: pytest.MonkeyPatch, name: str, text: str, value: Any
) -> None:
    environment.setenv(f"REPORTGEN_{name.upper()}", text)
    assert getattr(settle().options, name) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("SEED", "x", "REPORTGEN_SEED: --seed cannot be used as it is given. Received: 'x'."),
        ("SEED", "-1", "REPORTGEN_SEED: --seed must be a whole number"),
        ("REDACT", "perhaps", "REPORTGEN_REDACT: --redact cannot be used as it is given. Received: 'perhaps'."),
        ("LANG", "xx", "REPORTGEN_LANG: --lang must be one of"),
        ("FAILON", "problem", "REPORTGEN_FAILON is no variable that reportgen reads. Did you mean REPORTGEN_FAIL_ON?"),
        ("MAX_TILE", "3", "REPORTGEN_MAX_TILE is no variable that reportgen reads. Did you mean REPORTGEN_MAX_TILES?"),
    ],
)
def test_what_cannot_be_used_is_told_with_the_variable(
    environment: pytest.MonkeyPatch, name: str, text: str, said: str
) -> None:
    environment.setenv(f"REPORTGEN_{name}", text)
    with pytest.raises(UsageError) as error:
        settle()
    assert str(error.value).startswith(said)


def test_variables_of_others_are_left_alone(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("REPORTGEN_HOME_OF_ANOTHER_TOOL", "x")
    environment.setenv("REPORTGEN_DEBUG", "1")
    assert settle().set_by == {}


def test_the_gate_comes_from_the_environment_or_a_file_where_none_is_given(environment: pytest.MonkeyPatch) -> None:
    usual, given = Outcome(output=Path("r.html")), Outcome(output=Path("r.html"), fail_on="note")
    assert with_gate(usual, None) == (usual, InForce(None))
    Path("pyproject.toml").write_text("[tool.reportgen]\nfail-on = 'warning'\n")
    gated, found = with_gate(usual, None)
    assert (gated.fail_on, found) == ("warning", InForce("warning", "pyproject.toml"))
    environment.setenv("REPORTGEN_FAIL_ON", "problem")
    gated, found = with_gate(usual, None)
    assert (gated.fail_on, found.set_by) == ("problem", "REPORTGEN_FAIL_ON")
    assert with_gate(given, None) == (given, InForce("note"))
    environment.setenv("REPORTGEN_FAIL_ON", "never")
    with pytest.raises(UsageError, match="REPORTGEN_FAIL_ON must be"):
        with_gate(usual, None)


def test_a_gate_for_reports_and_one_for_comparisons_stand_beside_each_other(environment: pytest.MonkeyPatch) -> None:
    def gates() -> list[InForce]:
        return [gate_in_force(None, None, of_comparison=compared) for compared in (False, True)]

    for text, by in (("fail-on = ['problem', 'regression']", "pyproject.toml"), ("", "REPORTGEN_FAIL_ON")):
        Path("pyproject.toml").write_text(f"[tool.reportgen]\n{text}\n")
        if not text:
            environment.setenv("REPORTGEN_FAIL_ON", "problem; regression")
        assert gates() == [InForce("problem", by), InForce("regression", by)]
    assert gate_in_force("regression", None, of_comparison=True) == InForce("regression")


@pytest.mark.parametrize(
    ("gate", "compared", "said"),
    [
        (
            "problem",
            True,
            "fail-on problem (set by REPORTGEN_FAIL_ON) is a gate for reports: a comparison has none",
        ),
        (
            "regression",
            False,
            "fail-on regression (set by REPORTGEN_FAIL_ON) is a gate for comparisons: a report has none",
        ),
    ],
)
def test_a_gate_of_the_other_kind_is_told_and_not_passed_over(
    environment: pytest.MonkeyPatch, gate: str, compared: bool, said: str
) -> None:
    environment.setenv("REPORTGEN_FAIL_ON", gate)
    found = gate_in_force(None, None, of_comparison=compared)
    assert found.gate is None
    assert found.unheeded.startswith(said)


def test_two_severities_are_no_gate(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("REPORTGEN_FAIL_ON", "note;problem")
    with pytest.raises(UsageError, match="REPORTGEN_FAIL_ON must be one severity, and regression beside it"):
        gate_in_force(None, None)


def test_a_file_that_blinds_a_report_is_named_on_the_page_and_by_the_gate(
    environment: pytest.MonkeyPatch, shared_model: Any
) -> None:
    Path("pyproject.toml").write_text("[tool.reportgen]\nredraws = 5\nbins = 7\neffort = 'quick'\n")
    environment.setenv("REPORTGEN_SEED", "3")
    report = reportgen.build_report(shared_model, effort="full")
    assert report.provenance.set_by == {
        "seed": "REPORTGEN_SEED", "bins": "pyproject.toml", "redraws": "pyproject.toml",
    }  # fmt: skip
    said = "options set by pyproject.toml: redraws"
    assert f"<p>Configuration: {said}.</p>" in report.to_html()
    assert "redraws: 5; pyproject.toml\n" in report.to_html()
    assert "seed: 3; REPORTGEN_SEED\n" in report.to_html()
    assert gate_text(report, "problem", set_by="pyproject.toml") == (
        f"--fail-on problem (set by pyproject.toml): passed; {said}."
    )
    assert "options set by `pyproject.toml`: redraws." in render_markdown(report)
    assert "--redraws 5" not in report.provenance.command  # of a model in memory there is none
