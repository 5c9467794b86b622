"""Every finding ends in what to do: each rule says so, in a sentence that tells somebody to do something, in every language."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from reportgen.analyses.catalogue import open_catalogue

ROOT = Path(__file__).parents[2]
RULES = {row["code"]: row for row in open_catalogue().rules_as_rows()}
TELLS = re.compile(
    r"(If [^,]*, f|F)ind\b|(Calibrate|Check|Compare|Correct|Crop|Divide|Do|Exchange|Fit|Give|Keep|Load|Look|Lower|Make|Pass"
    r"|Prepare|Prune|Put|Raise|Read|Remove|Report|Retrain|Run|Scale|See|Test|Train)\b"
)
MOST_WORDS = 30


def literals(call: ast.Call) -> tuple[str, ...]:
    """Return the templates of a call of `say` or `counted`: one, or that for one thing and that for several."""
    given = call.args if call.func.id == "say" else call.args[1:3]
    return tuple(argument.value for argument in given)


@cache
def actions() -> frozenset[tuple[str, ...]]:
    """Return all that the package tells somebody to do: the texts within `action=` and within what is named an action."""
    found = set()
    for folder in ("analyses", "comparison"):
        for path in (ROOT / "reportgen" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword):
                    names = [node.arg or ""]
                elif isinstance(node, ast.FunctionDef):
                    names = [node.name]
                elif isinstance(node, ast.Assign):
                    names = [one.id for one in node.targets if isinstance(one, ast.Name)]
                else:
                    continue
                if any("action" in name.lower() for name in names):
                    calls = (one for one in ast.walk(node) if isinstance(one, ast.Call))
                    found.update(
                        literals(one)
                        for one in calls
                        if isinstance(one.func, ast.Name) and one.func.id in ("say", "counted")
                    )
    return frozenset(found)


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_rule_says_what_is_wrong_why_it_matters_and_what_to_do(code):
    row = RULES[code]
    assert row["title"]
    assert not row["title"].endswith(".")
    assert row["why"].endswith(".")
    assert (row["action"],) in actions()


def test_what_to_do_is_told_with_the_numbers_of_a_finding_where_they_help():
    told = {text for texts in actions() for text in texts}
    assert "Remove {n} units: {layer} could have {left}." in told
    assert "Train with random shifts (keras.layers.RandomTranslation), then run the report again." in told
    assert "Keep the base, and look at the {n} samples that only the base gets right." in told
    assert len(actions()) > len({row["action"] for row in RULES.values()}) + 20


def test_what_to_do_is_a_short_sentence_that_begins_with_what_to_do():
    told = sorted(text for texts in actions() for text in texts)
    assert [text for text in told if not TELLS.match(text)] == []
    assert [text for text in told if not text.endswith(".")] == []
    assert [text for text in told if len(text.split()) > MOST_WORDS] == []


def test_what_to_do_is_as_short_in_korean_and_tells_it_as_the_page_does():
    with (ROOT / "reportgen" / "rendering" / "languages" / "ko.po").open("rb") as file:
        catalogue = read_po(file, locale="ko")
    told = [catalogue.get(texts if len(texts) > 1 else texts[0]).string for texts in actions()]
    texts = sorted(one for each in told for one in (each if isinstance(each, tuple) else (each,)) if one)
    assert len(texts) >= len(actions())
    assert [text for text in texts if len(text.split()) > MOST_WORDS] == []
    # plain style, as on all of the page: a sentence that tells to do something ends in the verb's '다'
    assert [text for text in texts if not text.endswith("다.")] == []
