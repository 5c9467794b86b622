"""`reportgen verify`, as a process would see it: a page, the files that it was made of, and the same report made again."""

import base64
import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fixed_weights import fix_weights

from reportgen.cli.app import run
from reportgen.options import DEFAULTS, OF_THE_VERIFIER, ReportOptions, options_of
from reportgen.rendering.digest import sealed
from reportgen.rendering.index import render_index
from reportgen.verification.rebuilt import missing_inputs, recorded_options
from reportgen.verification.recorded import RecordedReport, read_recorded


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model, its samples, and two reports: one with a configuration, one redacted."""
    import keras
    from keras import layers

    root = tmp_path_factory.mktemp("verified")
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu", name="conv"),
            layers.Flatten(name="flat"),
            layers.Dense(2, activation="softmax", name="head"),
        ],
        name="tiny",
    )
    fix_weights(model).save(root / "tiny.keras")
    samples = np.random.default_rng(0).random((12, 6, 6, 1)).astype(np.float32)
    np.savez(root / "x.npz", x=samples, y=np.arange(12) % 2)
    np.savez(root / "other.npz", x=samples[::-1], y=np.arange(12) % 2)
    (root / "log.csv").write_text("epoch,loss,accuracy\n0,0.9,0.5\n1,0.7,0.6\n")
    (root / "rules.toml").write_text(
        "[rules]\nsilent-channels = {threshold = 0.5, severity = 'problem'}\ndormant-channels = false\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("SOURCE_DATE_EPOCH", "1767225600")
        common = ["build", "tiny.keras", "--samples", "x.npz", "--select", "first:3", "-q", "--bins", "7"]
        assert run([*common, "--config", "rules.toml", "--note", "one", "--history", "log.csv", "-o", "full.html"]) == 0
        assert run([*common, "--redact", "--lang", "ko", "-o", "redacted.html"]) == 0
    return root


@pytest.fixture
def verify(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Return a function that gives the exit code of `reportgen verify` and the lines that it printed."""
    monkeypatch.chdir(folder)

    def run_verify(*arguments: str) -> tuple[int, list[str]]:
        code = run(["verify", *arguments])
        out, error = capfd.readouterr()
        return code, (out or error).splitlines()

    return run_verify


def forged(folder: Path, old: str, new: str) -> str:
    """Write a copy of the full page with a change in it or in its numbers and a digest computed anew; return its name."""
    page = (folder / "full.html").read_text(encoding="utf-8")
    digest = page.partition('data-digest="')[2].partition('"')[0]
    (folder / "forged.html").write_text(sealed(changed(page.replace(digest, ""), old, new)), encoding="utf-8")
    return "forged.html"


def changed(page: str, old: str, new: str) -> str:
    """Return a page with a change in it, or in its numbers."""
    packed = page.partition("application/gzip;base64,")[2].partition('"')[0]
    numbers = gzip.decompress(base64.b64decode(packed)).decode()
    assert old in page or old in numbers
    again = base64.b64encode(gzip.compress(numbers.replace(old, new).encode())).decode()
    return page.replace(old, new).replace(packed, again)


def test_a_page_alone_is_as_it_was_written(verify) -> None:
    assert verify("full.html") == (0, ["full.html: nothing was changed since it was written."])


def test_a_changed_page_is_a_line_for_each_part_and_exit_code_1(folder: Path, verify) -> None:
    page = (folder / "full.html").read_text(encoding="utf-8")
    (folder / "changed.html").write_text(page.replace('<p class="prewrap">one</p>', '<p class="prewrap">two</p>'))
    assert verify("changed.html") == (1, ["summary: this part was changed since the page was written."])


def test_the_model_and_the_samples_are_compared_by_their_sha256(folder: Path, verify) -> None:
    told = "full.html: nothing was changed since it was written; the model file has the SHA-256 that it tells"
    assert verify("full.html", "tiny.keras") == (0, [f"{told}."])
    assert verify("full.html", "tiny.keras", "--samples", "x.npz") == (0, [f"{told}; so have the samples."])
    code, lines = verify("full.html", "tiny.keras", "--samples", "other.npz")
    assert code == 1
    assert [line.partition(":")[0] for line in lines] == ["samples", "samples and labels"]
    (folder / "padded.keras").write_bytes((folder / "tiny.keras").read_bytes() + b"\0")
    code, lines = verify("full.html", "padded.keras")
    recorded = read_recorded(folder / "full.html").sha256("provenance", "sha256")
    assert (code, len(lines)) == (1, 1)
    assert lines[0].endswith(f"; the report says {recorded}.")


@pytest.mark.parametrize("page", ["full.html", "redacted.html"])
def test_a_report_made_again_is_the_same_page(page: str, folder: Path, verify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    trained = ["--history", "log.csv"] if page == "full.html" else []
    code, lines = verify(page, "tiny.keras", "--samples", "x.npz", "--recompute", *trained)
    assert (code, len(lines)) == (0, 1)
    assert lines[0].endswith("; made again, it has the same numbers, words and pictures.")


def test_a_forger_who_computed_the_digest_anew_is_found_by_making_the_report_again(folder: Path, verify) -> None:
    page = (folder / "full.html").read_text(encoding="utf-8")
    verdict = re.search(r'<p class="verdict [^>]*>.*?<strong>(.*?)</strong>', page)[1]
    name = forged(folder, f"<strong>{verdict}</strong>", "<strong>It is perfect.</strong>")
    assert verify(name) == (0, ["forged.html: nothing was changed since it was written."])
    code, lines = verify(name, "tiny.keras", "--samples", "x.npz", "--history", "log.csv", "--recompute")
    assert code == 1
    assert lines == [f"summary: says 'It is perfect.'; made again '{verdict}'."]


def test_other_samples_do_not_give_the_same_report(verify) -> None:
    code, lines = verify("full.html", "tiny.keras", "--samples", "other.npz", "--history", "log.csv", "--recompute")
    assert code == 1
    assert any(line.startswith("samples.sha256: ") for line in lines)
    assert lines[-1].endswith(" more differences.")


def test_of_a_page_on_several_models_the_page_alone_is_compared(folder: Path, verify) -> None:
    (folder / "index.html").write_text(render_index((), (), version="0.1.0", lang="en"), encoding="utf-8")
    assert verify("index.html") == (0, ["index.html: nothing was changed since it was written."])
    code, lines = verify("index.html", "tiny.keras")  # the question is wrong, not the page
    assert code == 2
    assert lines[0].startswith("reportgen: MODEL must be left out: the page is no report on one model.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["full.html", "--recompute"], "MODEL must be given with --recompute."),
        (["full.html", "--samples", "x.npz"], "MODEL must be given with --samples."),
        (["full.html", "tiny.keras", "--recompute"], "--samples must be given, as the report has samples."),
        (
            ["full.html", "tiny.keras", "--samples", "x.npz", "--recompute"],
            "--history must be given, as the report was made with it. Received: full.html without.",
        ),
        (["none.html"], "the report must be a page that reportgen wrote. Received: none.html: No such file"),
    ],
)
def test_what_is_missing_is_a_usage_error(arguments: list[str], message: str, verify) -> None:
    code, lines = verify(*arguments)
    assert code == 2
    assert lines[0].startswith(f"reportgen: {message}")


def test_a_page_decides_nothing_that_runs_code_opens_files_or_lifts_limits(folder: Path) -> None:
    page = (folder / "full.html").read_text(encoding="utf-8")
    evil = {"allow_custom_code": True, "custom_objects": ["evil.py"], "architecture": "evil.json", "memory_limit": 1e9}
    for name, value in evil.items():
        given = read_recorded(folder / "full.html").value("provenance", "options", name, of=object)
        page = changed(page, f'"{name}":{json.dumps(given)}', f'"{name}":{json.dumps(value)}')
    (folder / "evil.html").write_text(page, encoding="utf-8")
    recorded = read_recorded(folder / "evil.html")
    assert recorded.document["provenance"]["options"]["custom_objects"] == ["evil.py"]
    options = recorded_options(recorded, DEFAULTS)
    assert {name: getattr(options, name) for name in OF_THE_VERIFIER} == {
        name: getattr(DEFAULTS, name) for name in OF_THE_VERIFIER
    }
    assert options.bins == 7
    assert {name for name, one in options_of(ReportOptions).items() if one.text == "path"} <= set(OF_THE_VERIFIER)


@pytest.mark.parametrize("value", ['"7"', "[7]", "true", "1e99", "0", '{"a":1}'])
def test_options_of_another_type_are_a_line(value: str, folder: Path, verify) -> None:
    name = forged(folder, '"bins":7', f'"bins":{value}')
    code, lines = verify(name, "tiny.keras", "--samples", "x.npz", "--recompute")
    assert code == 1
    assert any(line.startswith("the report's options cannot be used: --bins ") for line in lines)


def test_every_option_that_a_page_must_not_decide_is_asked_for_by_name(folder: Path) -> None:
    told = {"class-names": "n.txt", "labels": "y.npy", "history": "h.csv", "config": "c.toml", "before": "b.keras",
            "train_samples": "t.npz", "custom_objects": ["m.py"], "architecture": None, "allow_custom_code": False,
            "memory_limit": 3.0}  # fmt: skip
    recorded = RecordedReport("", {"provenance": {"options": told}})
    asked = missing_inputs(recorded, {"samples": "x.npz"}, DEFAULTS, recompute=True)
    assert asked == ("--labels", "--class-names", "--history", "--custom-objects", "--before", "--train-samples")
    assert missing_inputs(recorded, {"samples": "x.npz"}, DEFAULTS, recompute=False) == ("--labels", "--class-names")
    own = replace(DEFAULTS, before="b.keras", train_samples="t.npz", custom_objects=("m.py",))
    given = {"labels": "y.npy", "class_names": "n.txt", "history": "h.csv"}
    assert missing_inputs(recorded, given, own, recompute=True) == ()
