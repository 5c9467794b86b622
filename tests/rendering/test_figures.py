import numpy as np

from reportgen.rendering.figures import draw_curve, draw_histogram
from reportgen.results.plottables import Curve, Histogram


def test_a_histogram_shows_every_set_on_the_shared_edges():
    edges = np.array([-1.0, 0.0, 1.0])
    counts = {"trained": np.array([2, 5]), "untrained": np.array([4, 3])}
    axes = draw_histogram(Histogram(edges, counts, "weight")).axes[0]
    drawn = {patch.get_label(): patch.get_data() for patch in axes.patches}
    assert {name: data.values.tolist() for name, data in drawn.items()} == {"trained": [2, 5], "untrained": [4, 3]}
    assert all(data.edges.tolist() == edges.tolist() for data in drawn.values())
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("weight", "count")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["trained", "untrained"]


def test_the_words_in_a_picture_are_said_in_the_language_of_the_page():
    edges, counts = np.array([0.0, 1.0]), {"trained": np.array([1]), "untrained": np.array([2])}
    axes = draw_histogram(Histogram(edges, counts, "weight"), said=str.upper).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("WEIGHT", "COUNT")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["TRAINED", "UNTRAINED"]
    curve = Curve(edges, edges, edges, edges, "confidence", "accuracy")
    assert draw_curve(curve, said=str.upper).axes[0].get_xlabel() == "CONFIDENCE"


def test_the_first_layer_is_shown_larger():
    histogram = Histogram(np.array([0.0, 1.0]), {"trained": np.array([1])})
    widths = [draw_histogram(histogram, size=size).get_size_inches()[0] for size in ("small", "large")]
    assert widths[1] > 1.5 * widths[0]


def test_a_curve_shows_its_points_with_their_bounds_over_the_diagonal():
    x, y = np.array([0.3, 0.9]), np.array([0.5, 0.8])
    axes = draw_curve(Curve(x, y, y - 0.1, y + 0.1, "confidence", "accuracy", (0.0, 1.0))).axes[0]
    diagonal, points = axes.lines
    assert (list(diagonal.get_xdata()), list(diagonal.get_ydata())) == ([0, 1], [0, 1])
    assert (points.get_xdata().tolist(), points.get_ydata().tolist()) == (x.tolist(), y.tolist())
    bounds = [path.vertices.tolist() for path in axes.collections[0].get_paths()]
    np.testing.assert_allclose(bounds, [[[0.3, 0.4], [0.3, 0.6]], [[0.9, 0.7], [0.9, 0.9]]])
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 1), (0, 1))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("confidence", "accuracy")


def test_a_curve_without_a_shared_range_has_no_diagonal():
    x = np.array([1.0, 2.0])
    assert len(draw_curve(Curve(x, x, x, x, "a", "b")).axes[0].lines) == 1
