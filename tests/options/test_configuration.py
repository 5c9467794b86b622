"""Thresholds and severities that a user sets, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.options import Configuration, read_configuration, rule_settings
from reportgen.results.findings import RuleInForce, Severity
from reportgen.results.rules import Rule, severity_named

SILENT = Rule(
    code="silent-channels",
    meaning="m",
    severity=Severity.WARNING,
    threshold=0.1,
    unit="share",
    source="s",
    bounds=(0.0, 1.0),
)
WEAK = Rule(code="weak-filters", meaning="m", severity=Severity.NOTE, threshold=2, unit="norm", source="s")
RULES = (SILENT, WEAK)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_file_every_rule_is_as_declared(folder: Path) -> None:
    settings = rule_settings(RULES, read_configuration(None))
    assert settings.in_force == (
        RuleInForce("silent-channels", 0.1, Severity.WARNING, "share"),
        RuleInForce("weak-filters", 2, Severity.NOTE, "norm"),
    )
    assert (settings.off, settings.severities) == (frozenset(), {})


def test_a_project_without_a_table_of_reportgen_configures_nothing(folder: Path) -> None:
    for text in ("", "[tool.other]\nx = 1", "tool = 3"):
        (folder / "pyproject.toml").write_text(text, encoding="utf-8")
        assert read_configuration(None) == Configuration()


@pytest.mark.parametrize(
    ("name", "prefix", "given"),
    [("pyproject.toml", "tool.reportgen.", False), ("pyproject.toml", "tool.reportgen.", True), ("r.toml", "", True)],
)
def test_a_rule_is_set_by_a_number_turned_off_by_false_and_given_a_severity_by_a_table(
    folder: Path, name: str, prefix: str, given: bool
) -> None:
    text = f'[{prefix}rules]\nsilent-channels = {{ threshold = 0.2, severity = "problem" }}\nweak-filters = 3\n'
    (folder / name).write_text(text, encoding="utf-8")
    settings = rule_settings(RULES, read_configuration(folder / name if given else None))
    assert settings.in_force == (
        RuleInForce("silent-channels", 0.2, Severity.PROBLEM, "share", set_by=name, moved=True),
        RuleInForce("weak-filters", 3.0, Severity.NOTE, "norm", set_by=name, moved=True),
    )
    assert settings.severities == {"silent-channels": Severity.PROBLEM}


def test_limits_are_complete_where_a_rule_is_off() -> None:
    settings = rule_settings(RULES, read_configuration({"rules": {"silent-channels": False}}))
    assert settings.limits == {"silent-channels": 0.1, "weak-filters": 2}
    assert settings.off == {"silent-channels"}


def test_a_byte_order_mark_is_no_mistake(folder: Path) -> None:
    (folder / "r.toml").write_text("[rules]\nweak-filters = 1\n", encoding="utf-8-sig")
    assert read_configuration("r.toml").rules == {"weak-filters": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[rules]\nsilent-chanels = 1",
            "r.toml: the table of rules must name rules. Received: 'silent-chanels'. Did you mean 'silent-channels'? "
            "See reportgen rules.",
        ),
        ("[rules]\nx = 1", "r.toml: the table of rules must name rules. Received: 'x'. See reportgen rules."),
        (
            "[rule]\nx = 1",
            "r.toml: reportgen reads [rules], fail-on and the options of a report. Received: 'rule'. Did you mean 'rules'?",
        ),
        ("rules = 1", "r.toml: [rules] must be a table. Received: 1."),
        (
            "[rules]\nsilent-channels = 'high'",
            "r.toml: the rule 'silent-channels' must be a number, false, or a table with threshold and severity. "
            "Received: 'high'.",
        ),
        (
            "[rules]\nsilent-channels = true",
            "r.toml: the rule 'silent-channels' must be a number, false, or a table with threshold and severity. "
            "Received: True.",
        ),
        (
            "[rules]\nsilent-channels = { threshold = true }",
            "r.toml: the rule 'silent-channels' must be a number, false, or a table with threshold and severity. "
            "Received: True.",
        ),
        (
            "[rules]\nsilent-channels = { treshold = 1 }",
            "r.toml: the rule 'silent-channels' has a threshold and a severity. Received: 'treshold'. "
            "Did you mean 'threshold'?",
        ),
        (
            "[rules]\nsilent-channels = { severity = 'warn' }",
            "r.toml: severity of 'silent-channels' must be one of note, warning, problem. Received: 'warn'. "
            "Did you mean 'warning'?",
        ),
        (
            "[rules]\nsilent-channels = 1.5",
            "r.toml: the threshold of 'silent-channels' must be a finite number from 0 to 1 (share). Received: 1.5.",
        ),
        (
            "[rules]\nweak-filters = nan",
            "r.toml: the threshold of 'weak-filters' must be a finite number at least 0 (norm). Received: nan.",
        ),
        (
            "[rules]\nweak-filters = inf",
            "r.toml: the threshold of 'weak-filters' must be a finite number at least 0 (norm). Received: inf.",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(folder: Path, text: str, message: str) -> None:
    (folder / "r.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        rule_settings(RULES, read_configuration("r.toml"))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[rules", "r.toml must be TOML in UTF-8. Received: "),
        (b"a = '\xff'", "r.toml must be TOML in UTF-8. Received: "),
        (b"a = " + b"[" * 5000, "r.toml must be TOML in UTF-8. Received: "),
        (None, "--config must be a TOML file that can be read. Received: r.toml: No such file or directory. "),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(folder: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (folder / "r.toml").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_configuration(folder / "r.toml")
    assert str(caught.value).startswith(message)
    assert str(folder) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_project_file_is_known_by_its_table_under_any_name(folder: Path) -> None:
    (folder / "pp.toml").write_text("[project]\nname = 'x'\n[tool.reportgen.rules]\nsilent-channels = 0.5\n", "utf-8")
    assert read_configuration("pp.toml") == Configuration("pp.toml", {"silent-channels": 0.5})
    (folder / "pp.toml").write_text("[project]\nname = 'x'\n", "utf-8")
    with pytest.raises(
        UsageError,
        match=r"pp.toml: reportgen reads \[rules\], fail-on and the options of a report. Received: 'project'",
    ):
        read_configuration("pp.toml")


def test_a_table_of_the_project_that_is_none_is_refused(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool]\nreportgen = 3", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_configuration(None)
    assert str(caught.value) == "pyproject.toml: tool.reportgen must be a table. Received: 3."


def test_an_unknown_code_passes_where_a_plug_in_could_not_be_loaded() -> None:
    configuration = read_configuration({"rules": {"of-the-plug-in": 3}})
    assert len(rule_settings(RULES, configuration, unknown_allowed=True).in_force) == 2


def test_severities_have_their_names() -> None:
    assert [severity_named(word) for word in ("note", "warning", "problem", Severity.NOTE)] == [1, 2, 3, 1]
    for word in ("Warning", 3, None, ["note"]):
        with pytest.raises(UsageError, match="severity must be one of note, warning, problem"):
            severity_named(word)


def test_the_report_prints_what_was_in_force(demo_model: Any, folder: Path) -> None:
    import reportgen

    config = {"rules": {"weak-filters": False, "silent-channels": 0.25}}
    report = reportgen.build_report(demo_model, config=config)
    rules = {rule["code"]: rule for rule in json.loads(report.to_json())["rules"]}
    assert (rules["weak-filters"]["off"], rules["weak-filters"]["set_by"]) == (True, "config")
    assert (rules["silent-channels"]["threshold"], rules["silent-channels"]["severity"]) == (0.25, "warning")
    assert rules["duplicate-filters"]["set_by"] == "default"
    page = report.to_html()
    assert "weak-filters: off; config" in page
    assert (
        "silent-channels: 0.25 (share of the channels of a layer with positions, such as a convolution); config, warning"
        in page
    )


@pytest.mark.slow
def test_every_rule_can_be_set_to_its_bounds_without_an_error(demo_samples_path: Path, demo_model: Any) -> None:
    import numpy as np

    import reportgen
    from reportgen.analyses import ANALYSES

    samples = np.load(demo_samples_path)
    pair = (samples["x_test"][:20], samples["y_test"][:20])
    for bound in (0, 1):
        rules = [rule for analysis in ANALYSES for rule in analysis.rules]
        table = {rule.code: min(rule.bounds[bound], 1e12) for rule in rules}
        report = reportgen.build_report(demo_model, samples=pair, config={"rules": table})
        assert report.to_json()


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ('expect = ["accuracy=0.917", "recall:shirt=0.7"]', ("accuracy=0.917", "recall:shirt=0.7")),
        ('expect = "accuracy=0.917"', ("accuracy=0.917",)),
        ("[tool.reportgen.expect]\naccuracy = 0.917\nrecall.shirt = 0.7", ("accuracy=0.917", "recall:shirt=0.7")),
        ("", ()),
    ],
)
def test_claims_are_a_list_or_a_table(folder: Path, text: str, claims: tuple[str, ...]) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.reportgen]\n{text}", encoding="utf-8")
    assert read_configuration(None).options.get("expect", ()) == claims
    (folder / "r.toml").write_text(text.replace("tool.reportgen.", ""), encoding="utf-8")
    assert read_configuration("r.toml").options.get("expect", ()) == claims


def test_a_file_says_what_may_be_spent(tmp_path: Path) -> None:
    for text, effort in (('effort = "quick"', "quick"), ("[rules]", None)):
        (tmp_path / "r.toml").write_text(text)
        assert read_configuration(tmp_path / "r.toml").options.get("effort") == effort
    with pytest.raises(UsageError, match="config: --effort must be one of quick, standard, full"):
        read_configuration({"effort": "fast"})
    for given in (3, ["quick"]):
        with pytest.raises(UsageError, match="config: --effort cannot be used as it is given"):
            read_configuration({"effort": given})


def test_options_stand_beside_the_rules_as_the_command_line_writes_them(folder: Path) -> None:
    text = (
        "max-tiles = 9\nkernel-range = 2\nattribution = 'none'\nlayers = ['a', 'b']\nskip_bad = true\nfail-on = 'note'"
    )
    (folder / "pyproject.toml").write_text(f"[tool.reportgen]\n{text}\n[tool.reportgen.rules]\n", encoding="utf-8")
    found = read_configuration(None)
    assert (found.name, found.fail_on) == ("pyproject.toml", ("note",))
    assert found.options == {
        "max_tiles": 9, "kernel_range": 2.0, "attribution": ("none",), "layers": ("a", "b"), "skip_bad": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "allow-custom-code = true",
            "r.toml: --allow-custom-code runs code, so no file may set it. Received: allow-custom-code. Give it on the command "
            "line.",
        ),
        (
            "custom_objects = ['evil.py']",
            "r.toml: --custom-objects runs code, so no file may set it. Received: custom_objects. Give it on the command line.",
        ),
        ("max-tiles = true", "r.toml: --max-tiles cannot be used as it is given. Received: True."),
        ("max-tiles = 0", "r.toml: --max-tiles must be a whole number from 1 to 1024. Received: 0."),
        (
            "maxtiles = 1",
            "r.toml: reportgen reads [rules], fail-on and the options of a report. Received: 'maxtiles'. Did you",
        ),
        (
            "output = '/etc/x'",
            "r.toml: reportgen reads [rules], fail-on and the options of a report. Received: 'output'.",
        ),
        ("fail-on = 'warn'", "r.toml: fail-on must be"),
    ],
)
def test_options_that_a_file_cannot_set_are_told(folder: Path, text: str, said: str) -> None:
    (folder / "r.toml").write_text(f"{text}\n[rules]\n", encoding="utf-8")
    with pytest.raises(UsageError) as error:
        read_configuration("r.toml")
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(("text", "told"), [("expect = 3", "must be a list"), ('expect = ["x=1"]', "must name one of")])
def test_claims_that_cannot_be_used_are_told_with_the_file(folder: Path, text: str, told: str) -> None:
    (folder / "r.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=told) as error:
        read_configuration("r.toml")
    assert str(error.value).startswith("r.toml: ")
