"""The page's plan, from a model's shapes and a selection."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import reportgen
from reportgen.errors import OutputError
from reportgen.measures.page_plan import PagePlan
from reportgen.models.graphs import describe_model
from reportgen.options import ReportOptions
from reportgen.run import page_plan
from reportgen.run.page_plan import planned
from reportgen.samples import Accepts, open_samples

GENERATOR = np.random.default_rng(12)


def network(convolutions: int, *, channels: int = 16, size: int = 32) -> Any:
    stack = [layers.Conv2D(channels, 3, padding="same", activation="relu") for _ in range(convolutions)]
    end = [layers.GlobalAveragePooling2D(), layers.Dense(4, activation="softmax")]
    return keras.Sequential([keras.Input((size, size, 3)), *stack, *end])


def plan_of(model: Any, count: int, **options: Any) -> PagePlan:
    described = describe_model(model)
    samples = np.zeros((count, *model.input_shape[1:]), np.float32)
    source = open_samples(samples, Accepts(input_shape=model.input_shape[1:]))
    return planned(described, source, ReportOptions(**options))


def test_a_plan_follows_from_the_ladder_of_layers_and_the_selection() -> None:
    plan = plan_of(network(10), 30)
    # maps of 32 x 32 are drawn at half of that
    assert (plan.budget, plan.side, plan.tiles, plan.samples) == (2_000_000, 24, 64, 8)
    assert plan_of(network(10), 30, select="first:3").samples == 3
    assert plan_of(network(10), 2).samples == 2
    assert plan_of(network(10), 30, layers=("*",)).budget == 5_000_000


def test_a_page_that_cannot_fit_is_refused_before_anything_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_plan, "PAGE_BYTES", 100_000)
    described = describe_model(network(2))
    with pytest.raises(
        OutputError, match=r"must have at most 0\.2 MB\. Received: .* MB with the smallest pictures"
    ) as error:
        planned(described, None, ReportOptions(), most=200_000)
    assert error.value.exit_code == 5


@pytest.mark.parametrize(("convolutions", "given"), [(2, {}), (9, {}), (9, {"layers": ("*",)})])
def test_a_real_page_of_noise_keeps_within_its_plan(convolutions: int, given: dict[str, Any]) -> None:
    model = network(convolutions)
    images = GENERATOR.integers(0, 256, (12, 32, 32, 3), np.uint8)
    report = reportgen.build_report(model, samples=images, attribution="none", effort="quick", **given)
    plan = plan_of(model, 12, **given)
    size = len(report.to_html().encode())
    assert size <= plan.size <= plan.budget
