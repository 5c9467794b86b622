"""Claims on a model: what is read as one, and what is refused."""

import pytest

from reportgen.errors import UsageError
from reportgen.measures.claims import checked_claims, claims_of, nameless_claims, parse_claim


@pytest.mark.parametrize(
    ("text", "metric", "name", "value"),
    [
        ("accuracy=0.917", "accuracy", "", 0.917),
        (" Accuracy >= 91.7% ", "accuracy", "", 0.917),
        ("recall:T-shirt/top=0.7", "recall", "T-shirt/top", 0.7),
        ("precision:a=b:c==1", "precision", "a=b:c", 1),
        ("error<=0.5", "mae", "", 0.5),
        ("rmse=12", "rmse", "", 12),
        ("f1:한글=0", "f1", "한글", 0),
    ],
)
def test_a_claim_is_a_metric_a_class_and_a_number(text: str, metric: str, name: str, value: float) -> None:
    claim = parse_claim(text)
    assert (claim.metric, claim.name, claim.value) == (metric, name, pytest.approx(value))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("accuracy", "a metric, '=' and a number"),
        ("", "a metric, '=' and a number"),
        ("acuracy=0.9", "Did you mean 'accuracy'?"),
        ("recall=0.7", "must name a class"),
        ("accuracy:x=0.7", "must name no class"),
        ("accuracy=91.7", "a share from 0 to 1"),
        ("accuracy<=0.9", "at least"),
        ("mae>=1", "at most"),
        ("accuracy=x", "a number of 0 or more"),
        ("accuracy=-0.5", "a number of 0 or more"),
        ("accuracy=nan", "a number of 0 or more"),
    ],
)
def test_what_is_no_claim_is_told_in_one_line(text: str, told: str) -> None:
    with pytest.raises(UsageError, match="--expect") as error:
        parse_claim(text)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_claims_are_given_as_a_text_several_or_a_table() -> None:
    assert claims_of(None) == ()
    assert claims_of("accuracy=0.9") == ("accuracy=0.9",)
    assert claims_of(["accuracy=0.9", "f1:a=1"]) == ("accuracy=0.9", "f1:a=1")
    assert claims_of({"accuracy": 0.9, "recall:a b": 0.5, "precision": {"c": 1}}) == (
        "accuracy=0.9",
        "recall:a b=0.5",
        "precision:c=1",
    )


def test_the_class_of_a_claim_is_known_before_the_model_is_run() -> None:
    names = ("cat", "dog", "dog", "7")
    given = ("accuracy=0.9", "recall:cat=0.5", "recall:7=0.5", "recall:1=0.5")
    assert checked_claims(given, names, nameless=False) == given
    assert checked_claims(given, names, nameless=True) == (
        "accuracy=0.9",
        "recall:0=0.5",
        "recall:3=0.5",
        "recall:1=0.5",
    )
    assert checked_claims(["recall:12=0.5"], None, nameless=False) == ("recall:12=0.5",)
    for text, told in (
        ("recall:dog=1", "2 classes"),
        ("recall:4=1", "a class of the model"),
        ("recall:cta=1", "'cat'"),
    ):
        with pytest.raises(UsageError, match=told):
            checked_claims([text], names, nameless=False)
    with pytest.raises(UsageError, match="give --class-names"):
        checked_claims(["recall:cat=1"], None, nameless=False)
    assert nameless_claims(["recall:cat=1", "accuracy=1"]) == ("recall:…=1", "accuracy=1")
