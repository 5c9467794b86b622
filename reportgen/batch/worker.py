"""What a worker does: one model's page and JSON, as a single build makes them. It writes no file, so that it can be anywhere."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from reportgen.batch.tasks import Task
from reportgen.errors import MachineError, ReportgenError

_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Pages:
    """What was made of a model.

    Attributes:
        html: the page.
        json: its numbers.
        sha256: SHA-256 of the model's file as it was read, in hexadecimal.
    """

    html: str
    json: str
    sha256: str


@dataclass(frozen=True)
class Failure:
    """Why a model has no report.

    Attributes:
        error: one line: what is wrong, what was received, what to do.
        exit_code: what `reportgen build` ends with for it.
        again: whether another run may do better: the machine is to blame, and not the file.
    """

    error: str
    exit_code: int
    again: bool = False


def make_pages(task: Task) -> Pages | Failure:
    """Return a model's page and JSON, the bytes that `reportgen build` writes, or why there are none; nothing is raised.

    Threads of one process wait for one another: a report changes what Keras and numpy keep for the whole process.
    """
    from reportgen.building.build import make_report
    from reportgen.rendering import check_page_size

    model = task.model
    with _ONE_AT_A_TIME, _working_in(task.folder), _variables(task.environment):
        try:
            report = make_report(
                model.path, **model.inputs, options=model.options, given=model.given, max_megabytes=task.max_megabytes
            )
            html = report.to_html()
            check_page_size(html, task.max_megabytes)
            return Pages(html, report.to_json(), report.provenance.sha256)
        except ReportgenError as error:
            return Failure(str(error), error.exit_code, again=isinstance(error, MachineError))
        except Exception as error:  # noqa: BLE001 - a fault of reportgen's own costs one model, not the batch
            last = traceback.extract_tb(error.__traceback__)[-1]
            said = f"{type(error).__name__}: {error} ({os.path.basename(last.filename)}, line {last.lineno})"  # noqa: PTH119
            return Failure(
                f"an error in reportgen. Received: {said}. Please report it.", ReportgenError.exit_code, True
            )
        finally:
            _forget_models()


@contextmanager
def _working_in(folder: Path | None) -> Iterator[None]:
    """Work in the folder of whoever asked, whose pyproject.toml configures reports; a process of the user's own stays."""
    before = Path.cwd()
    if folder is None or folder == before or multiprocessing.parent_process() is None:
        yield
        return
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _variables(given: Mapping[str, str]) -> Iterator[None]:
    """Set the variables of whoever asked, such as REPORTGEN_BINS; on another machine they may be others."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _forget_models() -> None:
    """Free what Keras keeps of a model; only in a worker, as a user's own process may have models of its own."""
    if multiprocessing.parent_process() is not None and "keras" in sys.modules:
        import keras

        keras.utils.clear_session()


def begin_worker(threads: int) -> None:
    """Make a new process a worker: quiet, with its share of the cores, and gone once its parent is.

    Args:
        threads: TensorFlow's threads within an operation.
    """
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, str(threads))
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if not os.environ.get("REPORTGEN_DEBUG"):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
