"""What services of others read of this repository: the scripts in it are run with reportgen replaced by a recorder."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from reportgen.cli.app import app, run
from reportgen.demo import MODEL

yaml = pytest.importorskip("yaml", reason="PyYAML reads the files of GitHub, GitLab and pre-commit")

ROOT = Path(__file__).parent.parent
HOSTILE = "a b'\"$(touch hacked)`touch hacked`;touch hacked\n--redact"
INPUTS = {"MODEL": f"-{HOSTILE}.keras", "SAMPLES": HOSTILE, "LABELS": "y z.npy", "CLASS_NAMES": "a,b"}


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture
def recorded(tmp_path: Path):
    """Return a function that runs a script and gives the words that reportgen would have been called with."""
    recorder = tmp_path / "bin" / "reportgen"
    recorder.parent.mkdir()
    recorder.write_text('#!/bin/sh\nprintf "%s\\0" "$@" > words\nexit 1\n')
    recorder.chmod(0o755)

    def record(shell: list[str], script: str, **environment: str) -> list[str]:
        path = f"{recorder.parent}{os.pathsep}{os.environ['PATH']}"
        given = {"PATH": path, "GITHUB_OUTPUT": str(tmp_path / "output"), **environment}
        ended = subprocess.run([*shell, script], cwd=tmp_path, env=given, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stderr) == (1, "")  # the gate's exit code is the job's
        assert not (tmp_path / "hacked").exists()
        return (tmp_path / "words").read_text().split("\0")[:-1]

    return record


def check_words(words: list[str], outputs: list[str], *, base: str = "") -> None:
    """Check that a command line builds a report of the hostile inputs, or compares with a base, by options that exist."""
    command = "compare" if base else "build"
    assert words[:1] == [command]
    assert words[words.index("--") + 1 :] == [*([base] if base else []), INPUTS["MODEL"]]
    assert [word for word in words if word in outputs] == outputs
    assert [word for word in words if word.startswith(("--samples", "--labels", "--class", "--fail"))] == [
        f"--samples={HOSTILE}",
        "--labels=y z.npy",
        "--class-names=a,b",
        f"--fail-on={'regression' if base else 'problem'}",
    ]
    known = {name for one in typer.main.get_command(app).commands[command].params for name in one.opts}
    assert {word.partition("=")[0] for word in words if word.startswith("--") and word != "--"} <= known


def test_the_github_action_gives_its_inputs_as_words_and_never_as_script(recorded, tmp_path: Path) -> None:
    action = read("action.yml")
    steps = action["runs"]["steps"]
    assert action["runs"]["using"] == "composite"
    for step in steps:
        assert "${{" not in step.get("run", "")
    build = steps[1]
    for value in build["env"].values():
        assert re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value)[1] in action["inputs"]
    defaults = {name: action["inputs"][name.lower().replace("_", "-")].get("default", "") for name in build["env"]}
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]  # as GitHub runs it
    folder = "model-report"
    words = recorded(shell, build["run"], **{**defaults, **INPUTS})
    files = ("report.html", "report.json", "junit.xml", "report.md", "metrics.json")
    check_words(words, [f"{folder}/{name}" for name in files])
    words = recorded(shell, build["run"], **{**defaults, **INPUTS, "BASE": "-old.keras"})
    check_words(words, [f"{folder}/{name}" for name in files], base="-old.keras")
    assert (tmp_path / "output").read_text() == f"report={folder}/report.html\n" * 2
    assert "--fail-on" not in " ".join(recorded(shell, build["run"], **{**defaults, "FAIL_ON": "never", "MODEL": "m"}))


def test_the_gitlab_job_gives_its_variables_as_words(recorded) -> None:
    job = read("ci/gitlab.yml")[".reportgen"]
    words = recorded(["sh", "-ec"], "\n".join(job["script"]), **{**job["variables"], **INPUTS})
    files = ["report.html", "report.json", "junit.xml", "report.md", "metrics.json"]
    check_words(words, files)
    given = {**job["variables"], **INPUTS, "BASE": "-old.keras"}
    check_words(recorded(["sh", "-ec"], "\n".join(job["script"]), **given), files, base="-old.keras")
    artifacts = job["artifacts"]
    assert {*artifacts["paths"], artifacts["reports"]["junit"]} == set(files)
    assert artifacts["when"] == "always"


def test_the_pre_commit_hook_inspects_every_file_and_names_all_that_cannot_be_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (hook,) = read(".pre-commit-hooks.yaml")
    assert all(re.search(hook["files"], name) for name in ("a/b.keras", "m.weights.h5", "x.hdf5"))
    assert not re.search(hook["files"], "model.py")
    command = [*hook["entry"].split(), *hook["args"]]
    assert command[0] == "reportgen"
    pointer, cut = tmp_path / "pointer.keras", tmp_path / "cut.keras"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    cut.write_bytes(MODEL.read_bytes()[:1000])
    assert run([*command[1:], str(MODEL), str(MODEL)]) == 0
    assert capfd.readouterr().out.count("decision  run") == 2
    assert run([*command[1:], str(pointer), str(MODEL), str(cut)]) == 3
    out, error = capfd.readouterr()
    assert out.count("decision  run") == 1
    assert [line.split(" ")[1] for line in error.splitlines()] == ["pointer.keras", "cut.keras"]


def test_several_inspections_are_a_list_of_json(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", "--json", str(MODEL), str(MODEL)]) == 0
    assert [one["decision"] for one in yaml.safe_load(capfd.readouterr().out)] == ["run", "run"]
