"""Where channels answer most."""

import numpy as np

from reportgen.models.passes.top_positions import top_positions


def test_top_positions_equal_a_search_over_all_samples() -> None:
    maps = np.random.default_rng(2).normal(size=(11, 4, 5, 3)).astype(np.float32)
    maps[2, 0, 0, 1] = np.nan
    maps[5:7, ..., 2] = 7  # equal: the first sample and the first place come first
    top = top_positions(maps[:4])
    for batch in (maps[4:9], maps[9:]):
        top = top.merged(top_positions(batch))
    assert top.count == 11
    assert top.size == (4, 5)
    for channel in (0, 1, 2):
        flat = maps[..., channel].reshape(11, -1)
        usable = np.where(np.isnan(flat).any(axis=1), -np.inf, flat.max(axis=1))
        expected = np.argsort(-usable, kind="stable")[:4]
        assert top.samples[:, channel].tolist() == expected.tolist()
        np.testing.assert_array_equal(top.values[:, channel], usable[expected])
        assert top.places[:, channel].tolist() == [int(np.argmax(flat[sample])) for sample in expected]
