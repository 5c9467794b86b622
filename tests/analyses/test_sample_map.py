"""The map of the samples: where the last hidden layer puts them, which are marked, and when there is none."""

from typing import Any

import keras
import numpy as np
import pytest
from builders import LIMITS, context, live_context
from keras import layers

from reportgen.analyses.base import Skip
from reportgen.analyses.sample_map import SampleMap
from reportgen.analyses.sample_map.analysis import MOST_POINTS, neighbourhoods
from reportgen.analyses.sample_map.results import SampleMapResult
from reportgen.errors import UsageError
from reportgen.options import ReportOptions
from reportgen.results.redaction import marks

LABELS = np.arange(60) % 3
IMAGES = np.random.default_rng(0).normal(0, 0.05, (60, 8, 8, 1)).astype(np.float32)
IMAGES[:, 0, :3, 0] += np.eye(3)[LABELS]
IMAGES[4, 0, :3, 0] = [1, 0, 0]
"""Sample 4, of class 1, looks like class 0."""


@pytest.fixture(scope="module")
def model() -> Any:
    """Return a network whose hidden layer has the first three pixels and whose answer is the largest of them."""
    hidden, head = layers.Dense(4, activation="relu", name="hidden"), layers.Dense(3, activation="softmax")
    made = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), hidden, head])
    weights = np.zeros((64, 4))
    weights[[0, 1, 2], [0, 1, 2]] = 1
    hidden.set_weights([weights, np.array([0.3, 0.3, 0.3, 0])])
    head.set_weights([10 * np.eye(4)[:, :3], np.zeros(3)])
    return made


@pytest.fixture(scope="module")
def result(model: Any) -> SampleMapResult:
    found = SampleMap().run(live_context(model, IMAGES, labels=LABELS, first=100))
    assert isinstance(found, SampleMapResult)
    return found


def test_samples_lie_by_the_channels_that_vary_and_nearest_to_their_own_class(result: SampleMapResult) -> None:
    assert (result.layer, result.features, result.samples, result.method) == ("hidden", 3, 60, "pca")
    # sample 4 lies among class 0, and nearest to two of them
    assert (result.own.successes, result.own.trials) == (57, 60)
    assert [(one.name, one.samples, one.own.successes, one.wrong) for one in result.classes] == [
        ("class 0", 20, 18, 0),
        ("class 1", 20, 19, 1),
        ("class 2", 20, 20, 0),
    ]
    assert sum(result.shares) == pytest.approx(1, abs=0.05)  # three classes lie in a plane
    assert list(SampleMap().findings(result, LIMITS)) == []


def test_wrong_samples_and_the_middle_ones_of_classes_have_pictures(result: SampleMapResult) -> None:
    scatter = result.scatter
    assert scatter.names == ("class 0", "class 1", "class 2")
    assert scatter.groups.tolist() == LABELS.tolist()
    assert np.flatnonzero(scatter.wrong).tolist() == [4]
    assert len(scatter.marked) == 3  # sample 4 and the middle of two classes
    assert sorted(LABELS[place] for place in scatter.marked if place != 4) == [0, 1]
    assert dict(zip(scatter.marked, scatter.titles, strict=True))[4] == ("104", "class 1", "class 0")
    assert {title[2] for place, title in zip(scatter.marked, scatter.titles, strict=True) if place != 4} == {""}
    assert scatter.pictures.images.shape == (3, 8, 8)
    assert marks(SampleMapResult).becomes["scatter"](scatter) is None


def test_without_labels_points_are_coloured_by_the_answers_and_nothing_is_wrong(model: Any) -> None:
    result = SampleMap().run(live_context(model, IMAGES))
    assert (result.own, result.classes, result.scatter.wrong.any()) == (None, (), False)
    assert result.scatter.groups[:6].tolist() == [0, 1, 2, 0, 0, 2]


def test_at_most_500_samples_are_drawn_spread_over_all(model: Any) -> None:
    many = np.tile(IMAGES, (12, 1, 1, 1))
    result = SampleMap().run(live_context(model, many, labels=np.tile(LABELS, 12)))
    assert (result.samples, len(result.scatter.x)) == (MOST_POINTS, 500)
    assert len(result.scatter.marked) <= 12


def test_neighbourhoods_are_the_same_in_two_runs_and_keep_classes_together() -> None:
    values = np.random.default_rng(1).normal(size=(30, 6)) * 0.1 + 5 * np.eye(6)[np.arange(30) % 3]
    places = neighbourhoods(values, seed=7)
    assert np.array_equal(places, neighbourhoods(values, seed=7))
    distances = np.linalg.norm(places[:, None] - places, axis=2) + 1e9 * np.eye(30)
    assert (distances.argmin(axis=1) % 3 == np.arange(30) % 3).all()


def test_tsne_is_drawn_where_it_is_asked_for(model: Any) -> None:
    result = SampleMap().run(live_context(model, IMAGES[:20], labels=LABELS[:20], sample_map="tsne"))
    assert (result.method, result.shares, result.own.trials) == ("tsne", (), 20)
    assert len(result.scatter.x) == 20


def test_tsne_without_scikit_learn_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"needs scikit-learn.*pip install 'cnn-reportgen\[embedding\]'"):
        ReportOptions(sample_map="tsne").check()
    ReportOptions().check()


def test_few_samples_and_a_layer_that_tells_nothing_apart_have_no_map(model: Any) -> None:
    few = SampleMap().run(live_context(model, IMAGES[:9]))
    assert few == Skip("A map needs a hidden layer and at least 10 samples.")
    alike = SampleMap().run(live_context(model, np.repeat(IMAGES[:1], 20, axis=0)))
    assert alike == Skip("The last hidden layer does not tell the samples apart.")
    assert SampleMap().run(context()) == Skip("Give --samples.")
