"""The table of layers and its totals."""

from builders import context

from reportgen.analyses.architecture import Architecture
from reportgen.results.findings import LayerSummary, ModelSummary

MODEL = ModelSummary("m", "Sequential", (8, 8, 1), (2,), 60, 60, 3)


def layer(path: str, parameters: int, multiply_adds: int | None) -> LayerSummary:
    return LayerSummary(path, "Conv2D", (1,), parameters, True, multiply_adds=multiply_adds)


def test_totals_are_over_all_calls_and_say_what_is_unknown() -> None:
    rows = (layer("a", 10, 100), layer("b", 40, None), layer("c", 0, None), layer("d", 10, 5), layer("a", 10, 100))
    result = Architecture().run(context(layers=rows, model=MODEL))
    assert (result.model, result.layers) == (MODEL, rows)
    assert (result.multiply_adds, result.unknown_costs) == (205, 1)
    assert result.largest == rows[1]


def test_model_without_parameters_has_no_largest_layer() -> None:
    result = Architecture().run(context(layers=(layer("c", 0, 0),)))
    assert (result.multiply_adds, result.unknown_costs, result.largest) == (0, 0, None)


def test_an_architecture_is_no_finding() -> None:
    analysis = Architecture()
    assert list(analysis.findings(analysis.run(context()), {})) == []
