from typing import get_args, get_type_hints

from reportgen.analyses import ANALYSES
from reportgen.analyses.catalogue import open_catalogue


def test_every_rule_is_listed_once_with_its_analysis_in_the_order_of_the_sections(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = open_catalogue().rules_as_rows()
    assert [(row["analysis"], row["code"]) for row in rows] == [
        *((analysis.name, rule.code) for analysis in ANALYSES for rule in analysis.rules),
        ("sections", "section-failed"),
    ]
    assert len({row["code"] for row in rows}) == len(rows)
    assert all(row["meaning"] and row["unit"] and row["source"] for row in rows)
    assert {row["set_by"] for row in rows} == {"default"}


def test_every_rule_says_what_is_wrong_why_it_matters_and_what_to_do():
    for row in open_catalogue().rules_as_rows():
        assert 2 <= len(row["title"].split()) <= 8, row["code"]
        assert not row["title"].endswith("."), row["code"]
        for sentence in (row["why"], row["action"]):
            assert sentence.endswith("."), row["code"]
            assert len(sentence.split()) <= 20, row["code"]
        assert row["certainty"] in ("fact", "test", "choice")


def test_each_rule_in_force_knows_the_analysis_that_checks_it():
    owners = {rule.code: rule.analysis for rule in open_catalogue().settings.in_force}
    assert owners["silent-channels"] == "channel_activity"
    assert owners["section-failed"] == ""


def test_rules_are_listed_as_they_are_configured():
    rows = open_catalogue({"rules": {"weak-filters": {"threshold": 0.5, "severity": "note"}}}).rules_as_rows()
    (row,) = [row for row in rows if row["code"] == "weak-filters"]
    assert (row["threshold"], row["severity"], row["off"], row["set_by"]) == (0.5, "note", False, "config")


def test_thresholds_by_default_are_within_their_bounds():
    for analysis in ANALYSES:
        for rule in analysis.rules:
            assert rule.bounds[0] <= rule.threshold <= rule.bounds[1], rule.code


def test_rules_follow_from_rules_that_exist_and_never_in_a_circle():
    rules = {rule.code: rule for analysis in ANALYSES for rule in analysis.rules}
    unknown = {code for rule in rules.values() for code in rule.follows_from} - rules.keys()

    def causes(code, above):
        assert code not in above, (*above, code)
        for cause in rules[code].follows_from if code in rules else ():
            if cause != code:
                causes(cause, (*above, code))

    assert not unknown
    for code in rules:
        causes(code, ())


def _parts_of(kind, path):
    """Return the types that a path of fields and properties leads to; none where a name on it does not exist."""
    kinds = [one for one in (kind, *get_args(kind)) if isinstance(one, type) and one is not type(None)]
    if not path:
        return kinds
    found = []
    for one in kinds:
        if (inner := get_args(one)) or one is tuple:
            found += [last for each in inner for last in _parts_of(each, path)]
            continue
        named = getattr(one, path[0], None)
        hints = (
            get_type_hints(named.fget)["return"] if isinstance(named, property) else get_type_hints(one).get(path[0])
        )
        found += (
            [] if hints is None else [last for each in (hints, *get_args(hints)) for last in _parts_of(each, path[1:])]
        )
    return found


def test_what_a_rule_depends_on_is_there_in_the_result_of_its_analysis():
    needing = [(one, rule) for one in ANALYSES for rule in one.rules if rule.needs]
    assert len(needing) >= 25
    for analysis, rule in needing:
        result = get_type_hints(analysis.run)["return"]
        for need in rule.needs:
            assert need.reason.endswith("."), rule.code
            for name in need.fields:
                assert _parts_of(result, name.split(".")), (rule.code, name)
