"""Claims on a model: what is read as one, and what is refused."""

import numpy as np
import pytest

from reportgen.errors import UsageError
from reportgen.measures.claims import (
    Kind,
    checked_claims,
    claims_of,
    measured_by_resampling,
    measured_mean,
    nameless_claims,
    parse_claim,
)
from reportgen.measures.intervals import Outcome


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
        ("mIoU=0.8", "iou", "", 0.8),
        ("iou:cat=0.8", "iou", "cat", 0.8),
        ("dice=80%", "dice", "", 0.8),
        ("psnr=31.5", "psnr", "", 31.5),
        ("mae:2=3", "mae", "2", 3),
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
        ("ssim=1.5", "a number from 0 to 1"),
        ("psnr:cat=30", "must name no class"),
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


@pytest.mark.parametrize(
    ("text", "kind", "count", "told"),
    [
        ("mae=0.5", "classes", 10, "as the model predicts classes"),
        ("top5=0.9", "classes", 10, "one of accuracy, recall, precision, f1,"),
        ("accuracy=0.9", "number", 1, "as the model predicts a number"),
        ("psnr=30", "numbers", 4, "as the model predicts several numbers"),
        ("recall:cat=0.9", "masks", 3, "as the model predicts masks"),
        ("iou=0.9", "images", None, "as the model predicts images"),
        ("mae:0=0.9", "images", None, "must name no part"),
        ("r2=0.9", "numbers", 4, "such as r2:0=0.9"),
        ("mae:4=0.9", "numbers", 4, "0 to 3"),
        ("iou:dog=0.9", "masks", 3, "must name a class"),
    ],
)
def test_a_metric_that_the_model_cannot_have_is_refused(text: str, kind: Kind, count: int | None, told: str) -> None:
    with pytest.raises(UsageError, match="--expect") as error:
        checked_claims([text], ["cat", "hat", "mat"], nameless=False, kind=kind, count=count)
    assert told in str(error.value)


def test_a_claim_on_a_mean_waits_for_ten_samples_and_tells_how_many_decide() -> None:
    errors = np.full(9, 0.25)
    assert measured_mean(parse_claim("rmse=0.4"), errors, confidence=0.95).outcome is Outcome.INCONCLUSIVE
    varied = np.concatenate([np.full(8, 0.2), np.full(8, 0.3)])
    assert measured_mean(parse_claim("rmse=0.4"), varied, confidence=0.95).outcome is Outcome.FAIL
    near = measured_mean(parse_claim("rmse=0.505"), varied, confidence=0.95)
    assert (near.value, near.outcome, near.needed) == (pytest.approx(0.5), Outcome.INCONCLUSIVE, 480)
    assert measured_mean(parse_claim("psnr=20"), 100 * varied, confidence=0.95).outcome is Outcome.PASS


def test_a_claim_on_masks_goes_by_samples_drawn_anew() -> None:
    drawn = np.linspace(0.5, 0.7, 1000)
    given = {"name": "", "samples": 50, "confidence": 0.95}
    assert measured_by_resampling(parse_claim("iou=0.72"), 0.6, drawn, **given).outcome is Outcome.FAIL
    assert measured_by_resampling(parse_claim("iou=0.5"), 0.6, drawn, **given).outcome is Outcome.PASS
    near = measured_by_resampling(parse_claim("iou=0.65"), 0.6, drawn, **given)
    assert (near.low, near.high, near.needed) == (pytest.approx(0.505), pytest.approx(0.695), 181)
    few = measured_by_resampling(parse_claim("iou=0.9"), 0.6, drawn, **{**given, "samples": 9})
    assert (few.outcome, few.needed) == (Outcome.INCONCLUSIVE, 10)
