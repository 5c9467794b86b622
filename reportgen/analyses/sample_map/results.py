"""What is said of the samples in the last hidden layer, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reportgen.measures.intervals import Rate
from reportgen.results import Becomes, Kept, Scatter, redactable


@redactable
@dataclass(frozen=True)
class ClassPlace:
    """A class in the last hidden layer.

    Attributes:
        name: the class's name.
        samples: number of its samples.
        own: how many of them have a sample of the class nearest to them.
        wrong: how many of them are answered wrongly.
    """

    name: Kept[str]
    samples: int
    own: Rate
    wrong: int


@redactable
@dataclass(frozen=True)
class SampleMapResult:
    """Samples as the network's last hidden layer sees them.

    Attributes:
        layer: the layer's name.
        features: number of its channels that vary, each averaged over its positions and standardised.
        samples: number of samples, spread over all evaluated ones.
        method: 'pca', or 'tsne', which needs scikit-learn.
        shares: share of the variance along the two axes; () of t-SNE, whose axes have none.
        own: how many samples have one of their own class nearest to them; None without class labels.
        classes: the same for each class that occurs, the least separate first.
        scatter: the samples as points, with pictures of wrong and of few other ones; None in a redacted report.
    """

    layer: Kept[str]
    features: int
    samples: int
    method: Kept[str]
    shares: tuple[float, ...]
    own: Rate | None
    classes: tuple[ClassPlace, ...]
    scatter: Annotated[Scatter | None, Becomes(None)]
