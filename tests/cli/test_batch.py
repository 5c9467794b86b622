"""`reportgen batch` and `reportgen index`: what stands on which stream, and exit codes."""

import json
from pathlib import Path

import pytest
from batch_work import Inline

from reportgen.batch.engine import Somebodys
from reportgen.batch.worker import Failure, Pages
from reportgen.cli.app import run


def made(task):
    text = task.model.path.read_text() if task.model.path.exists() else "gone"
    if text in ("bad", "gone"):
        return Failure(f"{task.model.path.name} is {text}.", 3)
    findings = [{"code": "x", "severity": text}] if text in ("warning", "problem") else []
    report = {"schema_version": 2, "provenance": {"title": text}, "findings": findings}
    return Pages("<p>", json.dumps(report), "")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("reportgen.batch.reports.Processes", lambda *_: Somebodys(Inline(), made))
    for name, text in (("a", "fine"), ("b", "warning")):
        (tmp_path / f"{name}.keras").write_text(text)
    return tmp_path


def test_pages_and_the_index_are_named_on_standard_output(folder, capfd):
    assert run(["batch", "."]) == 0
    out, error = capfd.readouterr()
    assert sorted(out.splitlines()[:2]) == ["reports/a.html", "reports/b.html"]
    assert out.splitlines()[2:] == ["reports/index.html"]
    assert error == "reportgen: 2 made, 0 there already, 0 without a report.\n"
    assert run(["batch", ".", "--quiet"]) == 0
    assert capfd.readouterr() == ("reports/index.html\n", "")


def test_a_model_without_a_report_is_told_and_changes_the_exit_code(folder, capfd):
    (folder / "a.keras").write_text("bad")
    assert run(["batch", "a.keras", "b.keras", "none.keras", "-o", "out"]) == 6
    out, error = capfd.readouterr()
    assert out == "out/b.html\nout/index.html\n"
    assert set(error.splitlines()) == {
        "reportgen: a: a.keras is bad.",
        "reportgen: none: none.keras is gone.",
        "reportgen: 1 made, 0 there already, 2 without a report.",
    }


def test_the_gate_is_on_all_models(folder, capfd):
    assert run(["batch", ".", "--fail-on", "problem", "-q"]) == 0
    assert run(["batch", ".", "--fail-on", "warning", "-q"]) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["batch", "none/*.keras"],
            "a pattern must match a model. Received: none/*.keras, which matches none. Check it.",
        ),
        (["batch", "gone"], "there is no such model or folder. Received: gone. Check the path."),
        (["batch", "empty"], "a folder of models must hold .keras"),
        (
            ["index", "empty"],
            "the folder of reports must hold the JSON of one or more. Received: empty, which holds none.",
        ),
        (["batch", ".", "--jobs", "0"], "--jobs must be a whole number above 0. Received: 0."),
        (["batch", ".", "--labels", "y.npy"], "--samples must be given with --labels."),
        (["index", "none"], "the folder of reports must exist. Received: none. Name that of reportgen batch."),
        (["index", ".", "--lang", "xx"], "--lang must be one of en, ko. Received: 'xx'."),
    ],
)
def test_what_cannot_be_used_is_one_line(folder, capfd, arguments, said):
    (folder / "empty").mkdir()
    assert run([*arguments, *(["-o", "out"] if arguments[0] == "batch" else [])]) in (2, 5)
    assert said in capfd.readouterr().err
    assert not (folder / "out").exists()
    assert list((folder / "empty").iterdir()) == []


def test_the_index_is_made_anew(folder, capfd):
    run(["batch", "."])
    page = (folder / "reports" / "index.html").read_bytes()
    (folder / "reports" / "index.html").write_text("gone")
    capfd.readouterr()
    assert run(["index", "reports"]) == 0
    assert capfd.readouterr().out == "reports/index.html\n"
    assert (folder / "reports" / "index.html").read_bytes() == page


def test_watching_goes_on_until_it_is_interrupted_and_leaves_an_index(folder, capfd, monkeypatch):
    looks = iter(range(3))

    def pause(_: float) -> None:
        if next(looks, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", pause)
    assert run(["batch", ".", "--watch"]) == 130
    out, error = capfd.readouterr()
    assert sorted(out.splitlines()) == ["reports/a.html", "reports/b.html"]
    assert error == "reportgen: interrupted; what was made stays, and the same command goes on from there.\n"
    assert "2 reports" in (folder / "reports" / "index.html").read_text()
