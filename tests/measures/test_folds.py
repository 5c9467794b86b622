"""Parts that are held out."""

import numpy as np

from reportgen.measures.folds import FOLDS, folds_of


def test_every_class_is_spread_over_all_parts_in_the_order_of_its_samples() -> None:
    labels = np.random.default_rng(4).integers(0, 3, 200)
    folds = folds_of(labels)
    for each in range(3):
        own = folds[labels == each]
        assert own[:7].tolist() == [0, 1, 2, 3, 4, 0, 1]
        assert np.ptp(np.bincount(own, minlength=FOLDS)) <= 1
    assert folds_of(labels == 1)[labels == 1].tolist() == folds[labels == 1].tolist()
