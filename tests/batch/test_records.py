"""A batch that is killed at any moment, and begun again: nothing is lost, and nothing that was done is done again."""

import contextlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from batch_work import Inline

from reportgen.batch import Batch, BatchModel, build_reports
from reportgen.batch.records import task_key
from reportgen.batch.tasks import Task
from reportgen.batch.worker import Failure, Pages

NAMES = ["a", "b", "c"]


class KilledError(BaseException):
    """Ends a batch at once, as SIGKILL does."""


class Fake(Inline):
    """Makes pages that say which bytes and options they are of, without a model."""

    def submit(self, _function, /, *arguments):
        return super().submit(self.made, *arguments)

    @staticmethod
    def made(task: Task) -> Pages | Failure:
        text = task.model.path.read_text()
        if text.startswith("bad"):
            return Failure(f"{task.model.path.name} is not a model.", 3, again=text == "bad machine")
        return Pages(f"page of {text} {task.model.options.seed}", f'{{"of": "{text}"}}', "")


@pytest.fixture
def models(tmp_path) -> Path:
    for name in NAMES:
        (tmp_path / f"{name}.keras").write_text(f"model {name}")
    return tmp_path


def run(folder: Path, **options) -> list[str]:
    """Return the names of the models that a batch works at."""
    executor = Fake()
    build_reports(folder, output=folder / "out", executor=executor, **options)
    return executor.given


def pages(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text() for path in sorted((folder / "out").glob("?.html"))}


def test_what_is_there_is_not_made_again(models):
    assert run(models) == NAMES
    assert pages(models) == {name: f"page of model {name} 0" for name in NAMES}
    assert run(models) == []


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (lambda folder: (folder / "b.keras").write_text("other model"), ["b"]),
        (lambda folder: (folder / "b.keras").touch(), []),
        (lambda folder: (folder / "out" / "b.html").write_text("changed"), ["b"]),
        (lambda folder: (folder / "out" / "b.json").unlink(), ["b"]),
        (lambda folder: (folder / "out" / ".reportgen" / "b.json").write_text("{"), ["b"]),
        (lambda folder: shutil.rmtree(folder / "out" / ".reportgen"), NAMES),
        (lambda folder: (folder / "d.keras").write_text("model d"), ["d"]),
    ],
)
def test_what_changed_is_made_again_and_nothing_else(models, change, again):
    run(models)
    change(models)
    assert run(models) == again
    assert run(models) == []


def test_other_options_and_other_samples_make_other_pages(models):
    run(models)
    assert run(models, seed=1) == NAMES
    assert pages(models)["a"] == "page of model a 1"
    np.save(models / "x.npy", np.zeros(3))
    assert run(models, seed=1, samples=models / "x.npy") == NAMES
    assert run(models, seed=1, samples=models / "x.npy") == []
    np.save(models / "x.npy", np.ones(3))
    assert run(models, seed=1, samples=models / "x.npy") == NAMES


def test_the_folder_s_project_file_counts_among_the_options(models, monkeypatch):
    monkeypatch.chdir(models)
    run(models)
    (models / "pyproject.toml").write_text("[tool.reportgen]\neffort = 'quick'")
    assert run(models) == NAMES
    assert run(models) == []


@pytest.mark.parametrize("moment", range(1, 11))
def test_a_batch_killed_at_any_move_of_a_file_goes_on_from_there(models, monkeypatch, moment):
    moves = []

    def killed(self: Path, target: Path) -> None:
        if len(moves) + 1 == moment:
            raise KilledError
        moves.append(Path(target).name)
        moved(self, target)

    moved = Path.replace
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr("reportgen.batch.reports.write_index", lambda *_, **__: None)
        if moment < 10:
            with pytest.raises(KilledError):
                run(models)
        else:
            run(models)
    assert len(moves) == moment - 1
    finished = [name.partition(".")[0] for name in moves[2::3]]  # page, JSON and record of one after the other
    assert run(models) == [name for name in NAMES if name not in finished]
    assert pages(models) == {name: f"page of model {name} 0" for name in NAMES}
    assert not list((models / "out").rglob("*.part"))


def test_what_a_killed_process_left_half_written_is_removed(models):
    run(models)
    (models / "b.keras").write_text("other")
    left = [models / "out" / ".b.html.x1.part", models / "out" / ".reportgen" / ".b.json.x2.part"]
    for path in left:
        path.touch()
    others = models / "out" / ".a.html.x.part"
    others.touch()
    run(models)
    assert [path.exists() for path in (*left, others)] == [False, False, True]


def test_a_broken_file_costs_its_own_row_and_is_not_tried_again_until_it_changes(models):
    (models / "b.keras").write_text("bad")
    assert run(models) == NAMES
    failed = models / "out" / "b.failed.json"
    assert json.loads(failed.read_text())["failed"] == {
        "exit_code": 3,
        "model": "b.keras",
        "error": "b.keras is not a model.",
    }
    assert run(models) == []
    (models / "b.keras").write_text("mended")
    assert run(models) == ["b"]
    assert not failed.exists()
    (models / "b.keras").write_text("bad")
    run(models)
    assert sorted(pages(models)) == ["a", "c"]


def test_what_failed_for_lack_of_memory_or_by_a_crash_is_tried_again(models):
    (models / "b.keras").write_text("bad machine")
    assert run(models) == NAMES
    assert run(models) == ["b"]


def test_a_file_that_changes_while_it_is_read_is_read_again(models):
    class Changing(Fake):
        def submit(self, function, /, *arguments):
            future = super().submit(function, *arguments)
            if arguments[0].model.name == "b":
                arguments[0].model.path.write_text("longer than before")
            return future

    build_reports(models, output=models / "out", executor=Changing())
    assert run(models) == ["b"]
    assert pages(models)["b"] == "page of longer than before 0"


def test_samples_that_have_no_digest_are_run_each_time(models):
    assert run(models, samples=iter([])) == NAMES
    assert run(models, samples=iter([])) == NAMES


def test_arrays_are_told_apart_by_their_values(tmp_path):
    (tmp_path / "m").touch()
    task = Task(model=BatchModel(path=tmp_path / "m", samples=(np.zeros((2, 3)), np.zeros(2))))
    same = replace(task, model=replace(task.model, samples=(np.zeros((2, 3)), np.zeros(2))))
    other = replace(task, model=replace(task.model, samples=(np.zeros((3, 2)), np.zeros(2))))
    assert task_key(task) == task_key(same) != task_key(other)


def test_a_redacted_batch_names_no_file(models):
    (models / "b.keras").write_text("bad")
    (built,) = [
        one for one in build_reports(models, output=models / "out", executor=Fake(), redact=True) if one.page is None
    ]
    assert built.error == "b.keras is not a model."
    assert all(
        one.name.startswith("model-")
        for one in (models / "out").iterdir()
        if one.suffix == ".html" and one.stem != "index"
    )
    index = (models / "out" / "index.html").read_text()
    assert "the report could not be made, and --redact hides the reason (exit code 3)." in index
    assert not any(name in index for name in ("a.keras", "b.keras", "c.keras"))


def test_an_error_leaves_the_index_of_what_is_there(models):
    with contextlib.suppress(KilledError), Batch(models / "out", executor=Fake()) as batch:
        next(batch.build([BatchModel(path=models / "a.keras", name="a")]))
        raise KilledError
    assert (models / "out" / "index.html").is_file()


def test_what_the_environment_or_a_configuration_redacts_names_no_file_either(models, monkeypatch):
    monkeypatch.setenv("REPORTGEN_REDACT", "true")
    run(models)
    assert sorted(pages(models)) == []
    assert len(list((models / "out").glob("model-*.html"))) == 3


def test_variables_of_reportgen_count_among_the_options_and_travel_with_the_task(models, monkeypatch):
    run(models)
    monkeypatch.setenv("REPORTGEN_BINS", "10")
    assert run(models) == NAMES
    assert run(models) == []
    tasks = []

    class Looking(Fake):
        def submit(self, function, /, *arguments):
            tasks.extend(arguments)
            return super().submit(function, *arguments)

    build_reports(models, output=models / "out", executor=Looking(), seed=2)
    assert tasks[0].environment["REPORTGEN_BINS"] == "10"
    assert tasks[0].model.given == {"seed"}
