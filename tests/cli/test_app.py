"""The command line as a process would see it: exit codes, what stands on which stream, and what is left on the disk."""

import gc
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from reportgen import __version__, cli
from reportgen.cli.app import main, run
from reportgen.demo import CLASS_NAMES, MODEL, SAMPLES


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(*arguments: str) -> int:
    return run(["build", *arguments])


def test_the_demo_prints_only_the_written_path_and_its_findings_on_standard_error(folder, capfd):
    assert run(["demo"]) == 0
    out, error = capfd.readouterr()
    assert out == "demo-report.html\n"
    assert error.splitlines() == [
        "0 problems, 0 warnings, 2 notes",
        "  note: moved by 4 pixels along both axes: 29% of 100 samples are right instead of 93%: at least 46% lost "
        "(limit 30%)",
        "  note: dense: 44 of 100 units are dead: zero on all 200 samples (44.0%, a note below 90%); "
        "with 95% confidence each fires on fewer than 3.3% of such samples",
    ]
    page = (folder / "demo-report.html").read_text(encoding="utf-8")
    assert "Fashion-MNIST demo network" in page
    assert "reportgen demo" in page
    assert [path.name for path in folder.iterdir()] == ["demo-report.html"]


def test_every_option_reaches_the_report(folder, capfd):
    arguments = ["--samples", str(SAMPLES), "--class-names", str(CLASS_NAMES), "--select", "5,3", "--scale", "unit"]
    arguments += ["--layers", "conv2d_1,dense", "--bins", "10", "--kernel-range", "0.5", "--map-scale", "map"]
    arguments += ["--max-tiles", "4", "--seed", "3", "--title", "T", "--note", "N", "--max-evaluated", "20"]
    assert build(str(MODEL), *arguments, "-o", "r.html", "--json", "r.json", "--quiet") == 0
    assert capfd.readouterr() == ("r.html\n", "")
    document = json.loads((folder / "r.json").read_text(encoding="utf-8"))
    results = {section["name"]: section["result"] for section in document["sections"]}
    provenance = document["provenance"]
    assert (provenance["title"], provenance["note"], provenance["seed"]) == ("T", "N", 3)
    assert (document["samples"]["shown"], document["samples"]["evaluated"]) == ([5, 3], 20)
    assert len(results["weight_histograms"]["first"]["histogram"]["counts"]["trained"]) == 10
    assert [grid["label"] for grid in results["filter_grids"]["grids"]] == ["conv2d_1"]
    assert results["filter_grids"]["grids"][0]["trained"]["value_range"] == [-0.5, 0.5]
    assert len(results["filter_grids"]["grids"][0]["norms"]) == 4
    assert results["feature_maps"]["own_scale"] is True
    assert [len(layer["channels"]) for layer in results["feature_maps"]["layers"]] == [4]
    assert str(folder) not in json.dumps(document)
    assert str(SAMPLES.parent) not in json.dumps(document)


def test_without_samples_the_sections_that_need_them_say_so(folder, capfd):
    assert build(str(MODEL), "--json", "r.json") == 0
    sections = json.loads((folder / "r.json").read_text(encoding="utf-8"))["sections"]
    skipped = {section["name"]: section["skipped"] for section in sections if section["skipped"]}
    for name in ("sample_predictions", "prediction_quality", "preprocessing_check", "feature_maps"):
        assert skipped[name] == "No samples were given. Add --samples SOURCE to run the model on them."
    assert not {"architecture", "weight_histograms", "filter_grids"} & set(skipped)


def test_the_open_option_hands_the_page_to_the_browser(folder, monkeypatch, capfd):
    opened = []
    monkeypatch.setattr("typer.launch", opened.append)
    assert build(str(MODEL), "--open", "-q") == 0
    assert opened == [(folder / "report.html").as_uri()]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["build"], 2, "Missing argument 'MODEL'. See reportgen build --help."),
        (["build", "m.keras", "--scale", "255"], 2, "Invalid value for '--scale': '255' is not one of"),
        (
            ["build", "m.keras", "--attribution", "none,gradcam"],
            2,
            "integrated-gradients, or none alone. Received: 'none'.",
        ),
        (["build", "m.keras", "--labels", "y.npy"], 2, "--samples must be given with --labels. Received: no samples."),
        (
            ["build", "m.keras", "--select", "0", "--class-names", "a,b", "--resize"],
            2,
            "--samples must be given with --class-names, --select and --resize.",
        ),
        (["bild"], 2, "No such command 'bild'."),
        (
            ["build", "m.keras", "--max-tiles", "0"],
            2,
            "--max-tiles must be a whole number from 1 to 1024. Received: 0.",
        ),
        (
            ["build", "m.keras", "--kernel-range", "-1"],
            2,
            "--kernel-range must be a finite number above 0. Received: -1.0.",
        ),
        (
            ["build", "m.keras", "--json", "report.html"],
            2,
            "--output and --json must be different files. Received: report.html twice.",
        ),
        (["build", "m.keras", "--select", "best:3"], 2, "--select must be one of"),
        (["build", str(MODEL), "--layers", "conv9"], 2, "--layers must name layers of the model. Received: 'conv9'."),
        (["build", "m.keras"], 3, "no such model file"),
        (
            ["build", str(MODEL), "--custom-objects", "my_own_layers"],
            3,
            "no such module. Received: my_own_layers. Did you mean my_own_layers.py?",
        ),
        (["build", "text.keras"], 3, "text.keras"),
        (["build", "cut.keras"], 3, "cut.keras"),
        (["build", str(MODEL), "--samples", "none.npz"], 4, "--samples: no such file or folder. Received: none.npz."),
        (
            ["build", str(MODEL), "--samples", str(SAMPLES), "--class-names", "a,b"],
            4,
            "class names must be 10, as the model has 10 outputs. Received: 2.",
        ),
        (["build", str(MODEL), "--samples", "wide.npy"], 4, "(28, 28, 1)"),
        (["build", str(MODEL), "--samples", str(SAMPLES), "--select", "200"], 4, "200"),
        (["build", str(MODEL), "--samples", str(SAMPLES), "--select", "first:201"], 4, "200"),
        (["build", str(MODEL), "--samples", str(SAMPLES), "--labels", "short.npy"], 4, "200"),
        (["build", str(MODEL), "--samples", str(SAMPLES), "--labels", "high.npy"], 4, "0 to 9"),
        (["build", "m.keras", "--config", "none.toml"], 2, "Received: none.toml: No such file or directory."),
        (["build", "m.keras", "--config", "typo.toml"], 2, "Did you mean 'silent-channels'? See reportgen rules."),
        (["rules", "--config", "typo.toml"], 2, "Did you mean 'silent-channels'? See reportgen rules."),
        (["build", "m.keras", "--fail-on", "error"], 2, "--fail-on"),
        (["build", "m.keras", "--max-size", "0"], 2, "--max-size must be a finite number of megabytes above 0."),
        (["build", str(MODEL), "--max-size", "0.1"], 5, "the page must have at most 0.1 MB. Received: 0."),
        (["build", "m.keras", "-o", "nowhere/r.html"], 5, "the output folder must exist. Received: nowhere/r.html"),
        (["build", "m.keras", "-o", "."], 5, "the output must be a file."),
    ],
)
def test_every_error_is_one_line_with_its_code_and_leaves_the_old_report(folder, capfd, arguments, code, message):
    (folder / "report.html").write_text("old", encoding="utf-8")
    (folder / "text.keras").write_text("this is no model\n", encoding="utf-8")
    (folder / "typo.toml").write_text("[rules]\nsilent-chanels = 1\n", encoding="utf-8")
    (folder / "cut.keras").write_bytes(MODEL.read_bytes()[:100_000])
    (folder / "my_own_layers.py").write_text("", encoding="utf-8")
    np.save(folder / "wide.npy", np.zeros((3, 28, 28, 3), np.uint8))
    np.save(folder / "short.npy", np.zeros(7, np.int64))
    np.save(folder / "high.npy", np.full(200, 12))
    before = sorted(folder.iterdir())
    assert run(arguments) == code
    out, error = capfd.readouterr()
    assert out == ""
    assert error.startswith("reportgen: ")
    assert error.count("\n") == 1
    assert message in error
    assert (folder / "report.html").read_text(encoding="utf-8") == "old"
    assert sorted(folder.iterdir()) == before


def test_an_interrupt_is_exit_code_130_and_writes_nothing(folder, monkeypatch, capfd):
    def interrupt(*arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("reportgen.building.opening.read_model", interrupt)
    assert build(str(MODEL)) == 130
    assert capfd.readouterr().err == "reportgen: interrupted; nothing was written.\n"
    assert list(folder.iterdir()) == []


def test_the_version_and_the_help_are_on_standard_output(capfd):
    assert run(["--version"]) == 0
    assert capfd.readouterr().out == f"reportgen {__version__}\n"
    for arguments in ([], ["--help"]):
        assert run(arguments) == 0
        assert "build" in capfd.readouterr().out


@pytest.fixture(scope="module")
def sparse_weights(tmp_path_factory) -> Path:
    """Return a file of weights of which every third is zero: a note."""
    path = tmp_path_factory.mktemp("weights") / "sparse.weights.h5"
    kernel = np.random.default_rng(4).normal(size=(3, 3, 4, 8)).astype(np.float32)
    kernel.flat[::3] = 0
    with h5py.File(path, "w") as file:
        file["layers/conv2d/vars/0"] = kernel
        file["layers/conv2d/vars/1"] = np.zeros(8, np.float32)
    return path


def sparse(threshold: float, severity: str) -> str:
    return f'[rules]\nsparse-weights = {{ threshold = {threshold}, severity = "{severity}" }}\n'


@pytest.mark.parametrize(
    ("toml", "fail_on", "code", "line"),
    [
        (
            sparse(0.3, "problem"),
            "problem",
            1,
            "reportgen: --fail-on problem: failed by 1 problem; thresholds set by r.toml: sparse-weights.",
        ),
        (
            sparse(0.4, "problem"),
            "problem",
            0,
            "reportgen: --fail-on problem: passed; thresholds set by r.toml: sparse-weights.",
        ),
        (
            "[rules]\nsparse-weights = false\ncoarse-weights = false\n",
            "note",
            0,
            "reportgen: --fail-on note: passed; rules off or lowered by r.toml: sparse-weights, coarse-weights.",
        ),
        ("", "note", 1, "reportgen: --fail-on note: failed by 1 note."),
    ],
)
def test_a_gate_is_exit_code_1_after_the_report_was_written(folder, sparse_weights, capfd, toml, fail_on, code, line):
    (folder / "r.toml").write_text(toml, encoding="utf-8")
    assert build(str(sparse_weights), "--config", "r.toml", "--fail-on", fail_on, "--quiet") == code
    assert capfd.readouterr() == ("report.html\n", f"{line}\n")
    assert "sparse.weights.h5 --config r.toml" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> tuple[str, ...]:
    """Return what names a small model and six samples on the command line."""
    keras.utils.set_random_seed(1)
    layers = [keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3)]
    model, samples = (str(tmp_path_factory.mktemp("small") / name) for name in ("m.keras", "s.npy"))
    keras.Sequential(layers).save(model)
    np.save(samples, np.random.default_rng(2).random((6, 6, 6, 1), np.float32))
    return (model, "--samples", samples)


def test_timings_are_listed_and_leave_the_page_as_it_is(folder, small, capfd):
    assert build(*small, "-o", "a.html", "--quiet") == 0
    assert capfd.readouterr().err == ""
    assert build(*small, "-o", "b.html", "--quiet", "--timings") == 0
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "  CPU s  wall s  stage"
    stages = [line[17:] for line in lines[1:]]
    assert stages[:7] == [
        "Starting", "Reading the file", "Loading TensorFlow", "Loading the model", "Reading the samples", "Running the model",
        "Architecture",
    ]  # fmt: skip
    assert stages[-2:] == ["Writing the page", "in all"]
    assert (folder / "a.html").read_bytes() == (folder / "b.html").read_bytes()


def test_a_large_page_is_warned_of(folder, monkeypatch, capfd):
    monkeypatch.setattr("reportgen.rendering.output.LARGE_PAGE", 0.1)
    assert build(str(MODEL), "--quiet") == 0
    assert capfd.readouterr().err.startswith("reportgen: the page has 0.")


def test_rules_are_listed_as_text_and_as_json(folder, capfd):
    (folder / "pyproject.toml").write_text("[tool.reportgen.rules]\nsilent-channels = 0.25\n", encoding="utf-8")
    assert run(["rules"]) == 0
    text = capfd.readouterr().out
    assert re.search(
        r"^silent-channels +warning +0\.25: share of the channels of a layer with positions, such as a convolution "
        r"\(set by pyproject\.toml\)$",
        text,
        re.M,
    )
    assert run(["rules", "--json"]) == 0
    rows = {row["code"]: row for row in json.loads(capfd.readouterr().out)}
    assert list(rows["silent-channels"]) == [
        "code", "analysis", "meaning", "title", "why", "action", "certainty", "severity", "threshold", "unit", "source", "off",
        "set_by",
    ]  # fmt: skip
    assert (rows["silent-channels"]["threshold"], rows["weak-filters"]["set_by"]) == (0.25, "default")


def test_an_unforeseen_error_is_no_failed_gate(monkeypatch, capfd):
    def fail(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("reportgen.cli.app.run", fail)
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 70
    assert "ZeroDivisionError: a bug" in capfd.readouterr().err


def test_the_program_alone_looks_for_garbage_less_often(monkeypatch):
    seen, before = [], gc.get_threshold()
    monkeypatch.setattr("reportgen.cli.app.main", lambda arguments: seen.append((arguments, gc.get_threshold()[0])))
    try:
        cli.main(["--version"])
        cli.main()
    finally:
        gc.set_threshold(*before)
    assert seen == [(["--version"], before[0]), (None, 50_000)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["build", "--help"],
        ["build"],
        ["build", "m", "--seed", "x"],
        ["build", "m", "--config", "none.toml"],
        ["demo", "--max-size", "0"],
    ],
)
def test_help_version_and_usage_errors_do_without_tensorflow(arguments):
    code = (
        "import sys; from reportgen.cli.app import run; run(sys.argv[1:]); "
        "sys.exit(bool({'tensorflow', 'keras', 'matplotlib', 'jinja2'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "said"),
    [("--help", "Usage: "), ("--version", f"reportgen {__version__}"), ("rules", "non-finite-weights")],
)
def test_help_version_and_rules_load_nothing_that_a_report_needs(argument, said):
    needed = {"numpy", "h5py", "tensorflow", "reportgen.analyses", "reportgen.measures", "reportgen.samples"}
    if argument != "rules":  # newer releases of Typer import pydantic themselves, to convert a command's options
        needed.add("pydantic")
    code = (
        "import sys; from reportgen.cli.app import run; run(sys.argv[1:]); "
        f"print(*sorted({needed} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code, argument], check=True, capture_output=True, text=True)
    assert said in ran.stdout
    assert ran.stderr.split() == []


@pytest.mark.slow
def test_the_module_runs_as_a_program_and_tensorflow_is_silent(tmp_path, small):
    command = [sys.executable, "-m", "reportgen", "build", *small, "-o", "r.html"]
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout == "r.html\n"
    lines = [line.split(":")[0] for line in result.stderr.splitlines()]
    assert lines == ["1 problem, 0 warnings, 1 note", "  problem", "    from which follow"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine")
def test_the_page_is_printed_as_pdf_where_asked_for(folder, capfd):
    assert build(str(MODEL), "--pdf", "r.pdf", "--paper", "Letter", "-q") == 0
    assert capfd.readouterr().out == "report.html\n"
    pdf = (folder / "r.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 612 792]" in pdf


def test_without_a_browser_no_long_work_is_begun(folder, capfd, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert build(str(MODEL), "--pdf", "r.pdf") == 5
    assert "--pdf needs an installed Chromium or Chrome" in capfd.readouterr().err
    assert list(folder.iterdir()) == []
