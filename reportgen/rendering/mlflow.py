"""A report among what a tracking server keeps of a training run."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from reportgen.errors import UsageError
from reportgen.rendering.metrics import metrics_of
from reportgen.rendering.output import write_all
from reportgen.rendering.writers import Asked, rendered
from reportgen.results import Report, Severity

_MOST_METRICS = 1000  # of one call, as MLflow's server allows


def log_to_mlflow(report: Report, *, run_id: str | None, folder: str, step: int) -> str:
    """Log a report to MLflow; see `Report.log_to_mlflow`."""
    try:
        import mlflow
        from mlflow.entities import Metric, RunTag
    except ImportError as error:
        raise UsageError(
            "log_to_mlflow needs MLflow. Received: no module mlflow. Install mlflow, or mlflow-skinny."
        ) from error
    run = run_id or (mlflow.active_run() or mlflow.start_run()).info.run_id
    client = mlflow.MlflowClient()
    with tempfile.TemporaryDirectory(prefix="reportgen-") as written:
        files = {"html": "report.html", "json": "report.json", "markdown": "report.md", "junit": "junit.xml"}
        write_all(rendered(report, {form: Path(written, name) for form, name in files.items()}, Asked()))
        client.log_artifacts(run, written, folder)
    now = int(time.time() * 1000)
    metrics = [Metric(name, float(value), now, step) for name, value in metrics_of(report).items()]
    worst = max((finding.severity for finding in report.findings), default=None)
    tags = {
        "reportgen.model_sha256": report.provenance.sha256,
        "reportgen.worst_finding": worst.label if isinstance(worst, Severity) else "none",
    }
    client.log_batch(run, metrics=metrics[:_MOST_METRICS], tags=[RunTag(name, value) for name, value in tags.items()])
    return str(run)
