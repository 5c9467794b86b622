"""Reports of many models into one folder, with an index, each made once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportgen.batch.engine import MAX_TASKS, Processes, Somebodys
from reportgen.batch.index import write_index
from reportgen.batch.records import Records, task_key
from reportgen.batch.tasks import BatchModel, Task, find_models, options_in_force
from reportgen.batch.worker import Failure, Pages
from reportgen.errors import OutputError, UsageError
from reportgen.options import ReportOptions, from_given
from reportgen.rendering import LARGEST_PAGE
from reportgen.untrusted.escaping import base_name, reason_of

_PROJECT_FILE = "pyproject.toml"
_VARIABLES, _DATE = "REPORTGEN_", "SOURCE_DATE_EPOCH"


@dataclass(frozen=True)
class Built:
    """What became of one model of a batch.

    Attributes:
        name: what its files are called.
        model: the model.
        page: its page; None where there is none.
        error: why there is none, one line; '' where there is one.
        exit_code: what `reportgen build` ends with for that error; 0 for a page.
        kept: whether it was there already.
    """

    name: str
    model: Path
    page: Path | None
    error: str = ""
    exit_code: int = 0
    kept: bool = False


def build_reports(
    models: str | Path | BatchModel | Iterable[str | Path | BatchModel],
    samples: Any = None,
    *,
    output: str | Path,
    labels: Any = None,
    class_names: Any = None,
    config: Any = None,
    executor: Executor | None = None,
    jobs: int | None = None,
    max_tasks: int = MAX_TASKS,
    on_built: Callable[[Built], None] | None = None,
    **options: Any,
) -> tuple[Built, ...]:
    """Write a page and a JSON for each of many models, and an index of them, and return what became of each.

    A model whose file, samples, options and version of reportgen are those of a page that is there is not run again.

    Args:
        models: paths of models, folders of them, patterns, lists, or `BatchModel`s with samples and options of their own.
        samples, labels, class_names, config, options: as for `build_report`, for all models that have none of their own.
            Paths must exist wherever the executor works.
        output: the folder of the pages; it is made where it does not exist.
        executor: any `concurrent.futures.Executor`, such as `Client.get_executor()` of Dask distributed; None for
            processes of this machine.
        jobs: how many such processes; None for one a core.
        max_tasks: reports after which such a process is replaced.
        on_built: told of each model as soon as its files are written.

    Raises:
        TypeError, UsageError: see `build_report`; or no model is found.
        OutputError: the folder cannot be written to.

    Example:
        >>> reportgen.build_reports("runs/", samples="test.npz", output="reports", jobs=4)  # doctest: +SKIP
    """
    asked = from_given(ReportOptions, options)
    asked.check()
    like = BatchModel(
        path=Path(),
        samples=samples,
        labels=labels,
        class_names=class_names,
        config=config,
        options=asked,
        given=frozenset(options),
    )
    sources = [models] if isinstance(models, str | Path | BatchModel) else models
    found = find_models(sources, like)
    with Batch(
        Path(output), executor=executor, jobs=jobs, max_tasks=max_tasks, lang=options_in_force(like).lang
    ) as batch:
        built = []
        for one in batch.build(found):
            built.append(one)
            if on_built is not None:
                on_built(one)
    return tuple(built)


class Batch:
    """A folder of reports and the workers that fill it; the index is written when it is closed.

    Args:
        output: the folder.
        executor, jobs, max_tasks: see `build_reports`.
        lang: the index' language.
        max_megabytes: a page's largest size.
    """

    def __init__(
        self,
        output: Path,
        *,
        executor: Executor | None = None,
        jobs: int | None = None,
        max_tasks: int = MAX_TASKS,
        lang: str = "en",
        max_megabytes: float = LARGEST_PAGE,
    ) -> None:
        jobs = available_cores() if jobs is None else jobs
        if jobs < 1 or max_tasks < 1:
            raise UsageError(f"--jobs must be a whole number above 0. Received: {min(jobs, max_tasks)}.")
        try:
            output.mkdir(parents=True, exist_ok=True)
            self._records = Records(output)
        except OSError as error:
            raise OutputError(
                f"the output folder cannot be made. Received: {base_name(output)}: {reason_of(error)}. Choose another."
            ) from error
        self.output, self._lang, self._most = output, lang, max_megabytes
        self._workers = Processes(jobs, max_tasks) if executor is None else Somebodys(executor)

    def __enter__(self) -> Batch:
        """Return the batch."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the workers and write the index of what is there, also after an error."""
        with closing(self._workers):
            self.write_index()

    def write_index(self) -> None:
        """Write the index of all that is in the folder."""
        write_index(self.output, lang=self._lang)

    def build(self, models: Iterable[BatchModel]) -> Iterator[Built]:
        """Yield what became of each model: those that are done first, then the others as they end."""
        project = Path.cwd() / _PROJECT_FILE
        folder = project.parent if project.is_file() else None
        variables = {name: value for name, value in os.environ.items() if name.startswith((_VARIABLES, _DATE))}
        keys: dict[str, str | None] = {}
        tasks = []
        for model in models:
            task = Task(
                model=replace(model, path=model.path.absolute()),
                folder=folder,
                environment=variables,
                max_megabytes=self._most,
            )
            key = keys[model.name] = task_key(task)
            if key is not None and self._records.holds(model.name, key):
                yield self._built(task, kept=True)
            else:
                self._records.tidy(model.name)
                tasks.append(task)
        for task, outcome in self._workers.run(tasks):
            key = keys[task.model.name]
            unchanged = key is not None and key == task_key(task)  # a file that is written to meanwhile is read again
            self._records.write(task, outcome, key if unchanged else None)
            yield self._built(task, outcome)

    def _built(self, task: Task, outcome: Pages | Failure | None = None, *, kept: bool = False) -> Built:
        name, path = task.model.name, task.model.path
        if isinstance(outcome, Failure):
            return Built(name, path, None, outcome.error, outcome.exit_code)
        page = self.output / f"{name}.html"
        failure = None if outcome else self._records.failure(name)
        if failure is not None:
            return Built(name, path, None, failure[0], failure[1], kept)
        return Built(name, path, page, kept=kept)


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
