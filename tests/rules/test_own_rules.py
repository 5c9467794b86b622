import pytest

from reportgen.analyses.catalogue import OWN_RULES, open_catalogue
from reportgen.errors import UsageError
from reportgen.options import read_configuration, rule_settings
from reportgen.rules.own_rules import own_rules, rules_as_rows, table_of


def settings(configured):
    return rule_settings((rule for _, rule in own_rules()), read_configuration({"rules": configured}))


@pytest.mark.parametrize(
    "configured", [{}, {"weak-filters": {"threshold": 0.5, "severity": "note"}, "silent-channels": False}]
)
def test_rules_of_the_table_are_listed_as_those_of_the_analyses(configured):
    listed = rules_as_rows(own_rules(), settings(configured))
    assert listed == open_catalogue({"rules": configured}).rules_as_rows()


def test_the_table_keeps_the_bounds_of_thresholds():
    assert [rule.bounds for _, rule in own_rules()] == [rule.bounds for _, rule in OWN_RULES]
    with pytest.raises(UsageError, match="the threshold of 'weak-filters' must be a finite number"):
        settings({"weak-filters": -1})


def test_a_table_that_is_read_and_written_again_is_the_same():
    assert table_of(own_rules()) == table_of(OWN_RULES)
