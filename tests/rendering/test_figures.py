import numpy as np

from reportgen.rendering.figures import draw_histogram
from reportgen.results import Histogram


def test_a_histogram_shows_every_set_on_the_shared_edges():
    edges = np.array([-1.0, 0.0, 1.0])
    counts = {"trained": np.array([2, 5]), "untrained": np.array([4, 3])}
    axes = draw_histogram(Histogram(edges, counts, "weight")).axes[0]
    drawn = {patch.get_label(): patch.get_data() for patch in axes.patches}
    assert {name: data.values.tolist() for name, data in drawn.items()} == {"trained": [2, 5], "untrained": [4, 3]}
    assert all(data.edges.tolist() == edges.tolist() for data in drawn.values())
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("weight", "count")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["trained", "untrained"]


def test_the_first_layer_is_shown_larger():
    histogram = Histogram(np.array([0.0, 1.0]), {"trained": np.array([1])})
    widths = [draw_histogram(histogram, size=size).get_size_inches()[0] for size in ("small", "large")]
    assert widths[1] > 1.5 * widths[0]
