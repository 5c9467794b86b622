"""A report in a real MLflow, with a SQLite store, beside the model as its Keras flavour keeps it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixed_weights import fix_weights

import reportgen
from reportgen.errors import UsageError
from reportgen.rendering.metrics import metrics_of


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return MLflow with an experiment in a store of its own."""
    for needed in ("sqlalchemy", "alembic", "cryptography", "pandas"):
        pytest.importorskip(needed, reason="MLflow's SQLite store and its Keras flavour need it")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.setenv("MLFLOW_CONFIGURE_LOGGING", "false")
        module = pytest.importorskip("mlflow", reason="MLflow is not installed")
        folder = tmp_path_factory.mktemp("mlflow")
        before = module.get_tracking_uri()
        module.set_tracking_uri(f"sqlite:///{folder}/store.db")
        module.set_experiment(experiment_id=module.create_experiment("reports", f"file://{folder}/artifacts"))
        yield module
        module.set_tracking_uri(before)


@pytest.fixture(scope="module")
def model() -> Any:
    import keras
    from keras import layers

    return fix_weights(
        keras.Sequential(
            [
                keras.Input((6, 6, 1)),
                layers.Conv2D(2, 3, activation="relu", name="conv"),
                layers.Flatten(name="flat"),
                layers.Dense(2, activation="softmax", name="head"),
            ]
        )
    )


@pytest.fixture(scope="module")
def samples() -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(0).random((8, 6, 6, 1)).astype(np.float32), np.arange(8) % 2


def test_pages_and_numbers_stand_in_the_run_beside_the_model_that_they_are_of(
    mlflow: Any, model: Any, samples: Any, tmp_path: Path
) -> None:
    with mlflow.start_run() as run:
        logged = mlflow.tensorflow.log_model(model, name="model", pip_requirements=["keras"])
        folder = Path(mlflow.artifacts.download_artifacts(logged.model_uri, dst_path=str(tmp_path)))
        report = reportgen.build_report(folder / "data" / "model.keras", samples, attribution="none")
        assert report.log_to_mlflow(step=3) == run.info.run_id
    kept = mlflow.get_run(run.info.run_id)
    assert kept.data.metrics == {name: float(value) for name, value in metrics_of(report).items()}
    accuracy = "prediction_quality.classification.accuracy.value"
    assert [one.step for one in mlflow.MlflowClient().get_metric_history(run.info.run_id, accuracy)] == [3]
    assert kept.data.tags["reportgen.model_sha256"] == report.provenance.sha256
    assert (report.findings, kept.data.tags["reportgen.worst_finding"]) == ((), "none")
    pages = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="reportgen"))
    assert sorted(path.name for path in pages.iterdir()) == ["junit.xml", "report.html", "report.json", "report.md"]
    assert (pages / "report.html").read_text(encoding="utf-8") == report.to_html()
    assert json.loads((pages / "report.json").read_text(encoding="utf-8")) == json.loads(report.to_json())


def test_a_run_can_be_named_and_one_is_started_where_there_is_none(mlflow: Any, model: Any) -> None:
    report = reportgen.build_report(model)
    with mlflow.start_run() as run:
        pass
    assert report.log_to_mlflow(run_id=run.info.run_id, folder="elsewhere") == run.info.run_id
    assert [one.path for one in mlflow.MlflowClient().list_artifacts(run.info.run_id)] == ["elsewhere"]
    assert mlflow.active_run() is None
    started = report.log_to_mlflow()
    assert mlflow.active_run().info.run_id == started
    mlflow.end_run()


def test_without_mlflow_it_says_what_to_install(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    with pytest.raises(UsageError, match="log_to_mlflow needs MLflow"):
        reportgen.build_report(model).log_to_mlflow()
