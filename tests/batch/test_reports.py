"""A batch of real models: its pages are those of single builds, whatever the executor."""

import pickle

import numpy as np
import pytest
from batch_work import Inline

from reportgen.api import build_report
from reportgen.batch import BatchModel, build_reports
from reportgen.batch.worker import Failure, Pages, make_pages
from reportgen.errors import OutputError, UsageError
from reportgen.options import ReportOptions

DAY = "1767225600"
FEW = {"layers": "conv", "attribution": "none", "redraws": 5}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return a folder with two small models, a broken one and 24 labelled samples."""
    import keras
    from keras import layers

    folder = tmp_path_factory.mktemp("models")
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential(
            [
                keras.Input((6, 6, 1)),
                layers.Conv2D(3, 3, activation="relu", name="conv"),
                layers.Flatten(name="flat"),
                layers.Dense(2, activation="softmax", name="scores"),
            ],
            name=f"small_{seed}",
        )
        model.save(folder / f"epoch-{seed}.keras")
    (folder / "broken.keras").write_bytes(b"PK\x03\x04 no archive")
    x = np.random.default_rng(0).random((24, 6, 6, 1), np.float32)
    np.savez(folder / "samples.npz", x=x, y=np.arange(24) % 2)
    return folder


@pytest.fixture(scope="module")
def single(models):
    """Return page and JSON of each model as a single build writes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", DAY)
        reports = [build_report(models / f"epoch-{n}.keras", str(models / "samples.npz"), **FEW) for n in (1, 2)]
    return [(report.to_html(), report.to_json()) for report in reports]


@pytest.mark.slow
def files_of(folder):
    return [((folder / f"epoch-{n}.html").read_text(), (folder / f"epoch-{n}.json").read_text()) for n in (1, 2)]


def test_pages_of_a_batch_are_those_of_single_builds(models, single, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)
    told = []
    built = build_reports(
        models, str(models / "samples.npz"), output=tmp_path, executor=Inline(), on_built=told.append, **FEW
    )
    assert files_of(tmp_path) == single
    assert {one.name: (one.page, one.exit_code) for one in built} == {
        "broken": (None, 3),
        "epoch-1": (tmp_path / "epoch-1.html", 0),
        "epoch-2": (tmp_path / "epoch-2.html", 0),
    }
    assert told == list(built)
    index = (tmp_path / "index.html").read_text()
    assert 'href="epoch-1.html"' in index
    assert "broken.keras is not a Keras model" in index


@pytest.mark.slow
def test_processes_of_their_own_make_the_same_pages(models, single, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)
    sources = [models / "epoch-1.keras", models / "epoch-2.keras"]
    built = build_reports(sources, str(models / "samples.npz"), output=tmp_path, jobs=1, **FEW)
    assert [one.error for one in built] == ["", ""]
    assert files_of(tmp_path) == single


def test_a_dask_cluster_makes_the_same_pages(models, single, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="Dask distributed is not installed")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)
    sources = [models / "epoch-1.keras", models / "epoch-2.keras"]
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        build_reports(sources, str(models / "samples.npz"), output=tmp_path, executor=client.get_executor(), **FEW)
    assert files_of(tmp_path) == single


def test_what_a_worker_is_given_and_gives_back_can_be_sent(models, tmp_path):
    sent = []

    class Sending(Inline):
        def submit(self, function, /, *arguments):
            sent.append(pickle.loads(pickle.dumps((function, arguments))))
            future = super().submit(lambda _: Pages("page", "{}", ""), *arguments)
            assert pickle.loads(pickle.dumps(future.result())) == future.result()
            return future

    build_reports(models / "epoch-1.keras", output=tmp_path, executor=Sending(), seed=3)
    ((function, (task,)),) = sent
    assert function is make_pages
    assert (task.model.path, task.model.options.seed) == (models / "epoch-1.keras", 3)


def test_an_error_of_reportgen_itself_costs_one_model_and_says_where(models, tmp_path, monkeypatch):
    def fails(*_, **__):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("reportgen.building.build.make_report", fails)
    (built,) = build_reports(models / "epoch-1.keras", output=tmp_path, executor=Inline())
    assert built.error.startswith(
        "an error in reportgen. Received: ZeroDivisionError: division by zero (test_reports.py"
    )
    assert built.exit_code == 70


def test_a_page_that_is_too_large_costs_one_model(models, tmp_path):
    from reportgen.batch.tasks import Task

    task = Task(model=BatchModel(path=models / "epoch-1.keras"), max_megabytes=0.001)
    outcome = make_pages(task)
    assert isinstance(outcome, Failure)
    assert (outcome.exit_code, outcome.again) == (5, False)


def test_what_cannot_be_used_is_told_before_anything_runs(models, tmp_path):
    executor = Inline()
    with pytest.raises(UsageError, match="--bins"):
        build_reports(models, output=tmp_path, executor=executor, bins=0)
    with pytest.raises(TypeError, match="there is no option 'binz'"):
        build_reports(models, output=tmp_path, executor=executor, binz=0)
    with pytest.raises(UsageError, match=r"--jobs must be a whole number above 0. Received: 0"):
        build_reports(models, output=tmp_path, jobs=0)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"the output folder cannot be made. Received: file"):
        build_reports(models, output=tmp_path / "file", executor=executor)
    assert executor.given == []


def test_options_of_a_model_s_own_are_used(models, tmp_path):
    own = BatchModel(
        path=models / "epoch-1.keras", name="mine", options=ReportOptions(title="Mine", attribution=("none",))
    )
    (built,) = build_reports([own], output=tmp_path, executor=Inline())
    assert built.name == "mine"
    assert "<h1>Mine</h1>" in (tmp_path / "mine.html").read_text()
