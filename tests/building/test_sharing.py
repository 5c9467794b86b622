"""One set of samples over many workers: the same bytes, however many there are and whatever becomes of them."""

import pickle
from concurrent.futures import Executor, Future
from dataclasses import replace

import numpy as np
import pytest

from reportgen.api import build_report
from reportgen.building.sharing import run_shard
from reportgen.errors import UsageError

FEW = {"layers": "conv,scores", "attribution": "none", "redraws": 5, "max_evaluated": 10_000}
COUNT = 128 * 14 + 30  # a last batch that is smaller


class Workers(Executor):
    """Works at once; what is sent and returned is pickled, as between processes."""

    def __init__(self, lose=lambda _: False) -> None:
        self.shards, self.lose = [], lose

    def submit(self, function, /, *arguments):
        future: Future = Future()
        self.shards.append(arguments[0])
        if self.lose(len(self.shards)):
            future.set_exception(ConnectionError("the worker was killed"))
            return future
        called, given = pickle.loads(pickle.dumps((function, arguments)))
        future.set_result(pickle.loads(pickle.dumps(called(*given))))
        return future


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return the paths of a small model with a batch normalisation, and of samples one of which overflows."""
    import keras
    from keras import layers

    folder = tmp_path_factory.mktemp("shards")
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="relu"),
            layers.Flatten(name="flat"),
            layers.Dense(3, activation="softmax", name="scores"),
        ]
    )
    model.save(folder / "model.keras")
    x = np.random.default_rng(0).normal(size=(COUNT, 6, 6, 1)).astype(np.float32)
    x[COUNT // 2] = 3e38  # which the convolution makes infinite: its batch cannot be reduced
    np.savez(folder / "samples.npz", x=x, y=np.arange(COUNT) % 3)
    return folder / "model.keras", str(folder / "samples.npz")


@pytest.fixture(scope="module")
def alone(files):
    """Return page and JSON of the report that is made without workers."""
    model, samples = files
    report = build_report(model, samples, **FEW)
    return report.to_html(), report.to_json()


@pytest.mark.slow
@pytest.mark.parametrize("shards", [1, 8, None])
def test_the_bytes_do_not_depend_on_the_number_of_shards(files, alone, shards):
    model, samples = files
    workers = Workers()
    report = build_report(model, samples, executor=workers, shards=shards, **FEW)
    assert (report.to_html(), report.to_json()) == alone
    assert len(workers.shards) == (shards or 1)
    assert sum(len(shard.indices) for shard in workers.shards) == COUNT - 128


def test_a_shard_that_is_lost_is_run_once_more_and_then_here(files, alone):
    model, samples = files
    once, always = Workers(lambda number: number == 1), Workers(lambda number: number > 2)
    for workers in (once, always):
        report = build_report(model, samples, executor=workers, shards=4, **FEW)
        assert report.to_json() == alone[1]
    assert len(once.shards) == 5
    assert len(always.shards) == 6


def test_an_executor_that_takes_nothing_costs_nothing_but_time(files, alone):
    model, samples = files

    class Shut(Executor):
        def submit(self, _function, /, *_):
            raise RuntimeError("cannot schedule new futures after shutdown")

    assert build_report(model, samples, executor=Shut(), **FEW).to_json() == alone[1]


def test_what_a_shard_gives_back_does_not_grow_with_the_samples_but_for_the_outputs(files):
    model, samples = files
    workers = Workers()
    build_report(model, samples, executor=workers, shards=1, **FEW)
    (whole,) = workers.shards
    sizes = []
    for batches in (2, 4):
        found = run_shard(replace(whole, indices=whole.indices[: batches * 128]))
        # what is pooled comes of 1,000 samples of the whole pass at the most, wherever these lie
        known = [added.statistics for batch in found.batches for _, added in batch.additions if added.statistics]
        sizes.append(sum(part.nbytes for one in known for part in vars(one).values() if isinstance(part, np.ndarray)))
    assert sizes[0] > 0
    assert sizes[1] == 2 * sizes[0]  # a shard holds its batches; `WINDOW` shards are held at once


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"samples": np.zeros((4, 6, 6, 1))}, "with an executor, model and samples must be files"),
        ({"shards": 0}, "shards must be a whole number above 0. Received: 0"),
    ],
)
def test_what_workers_cannot_open_is_told(files, given, said):
    model, samples = files
    with pytest.raises(UsageError, match=said):
        build_report(model, **({"samples": samples, "executor": Workers()} | given))


def test_few_samples_are_not_shared_out(files):
    model, samples = files
    workers = Workers()
    build_report(model, samples, executor=workers, **(FEW | {"max_evaluated": 200}))
    assert workers.shards == []
