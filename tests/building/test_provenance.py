"""Where a report comes from, without any path, user or host name."""

import getpass
import hashlib
import json
import shlex
import socket
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import reportgen
from reportgen.building import provenance as module
from reportgen.building.build import make_report
from reportgen.building.provenance import input_name, make_provenance, package_versions, report_day, reproducing_command
from reportgen.errors import UsageError
from reportgen.options import DEFAULTS, ReportOptions
from reportgen.reading.loading.load import adopt_model, weights_digest


def test_file_is_named_sized_and_hashed_without_its_folder(demo_report: Any, demo_model_path: Path) -> None:
    provenance = demo_report.provenance
    content = demo_model_path.read_bytes()
    assert provenance.file_name == "model.keras"
    assert provenance.file_size == len(content)
    assert provenance.sha256 == hashlib.sha256(content).hexdigest()
    assert provenance.format == "Keras v3 archive (.keras)"


def test_no_absolute_path_user_or_host_is_anywhere(demo_report: Any, demo_model_path: Path) -> None:
    text = repr(demo_report.provenance) + repr(demo_report.samples)
    assert str(demo_model_path.parent) not in text
    assert str(Path.home()) not in text
    assert f"/{getpass.getuser()}/" not in text
    assert socket.gethostname() not in text


def test_command_repeats_what_was_given(demo_report: Any) -> None:
    assert demo_report.provenance.command == (
        "reportgen build model.keras --samples samples.npz --class-names class_names.txt"
    )


def test_live_model_is_known_by_its_weights(nested_model: Any) -> None:
    provenance = make_provenance(adopt_model(nested_model), DEFAULTS, {"samples": "<ndarray>"}, name="outer")
    assert (provenance.file_name, provenance.file_size) == (None, None)
    assert provenance.format == "a keras.Model in memory"
    assert provenance.sha256 == weights_digest(nested_model)
    assert provenance.command == "reportgen.build_report(model, …)"
    assert provenance.keras_version is None
    assert "outer" in provenance.title


def test_options_title_and_note_are_recorded(nested_model: Any) -> None:
    options = ReportOptions(title="Release 3", note="Look at class 2.", seed=7, bins=10, layers=("a", "b"))
    provenance = make_provenance(adopt_model(nested_model), options, {"samples": "x.npz"}, name="outer")
    assert (provenance.title, provenance.note, provenance.seed) == ("Release 3", "Look at class 2.", 7)
    assert provenance.options["samples"] == "x.npz"
    assert (provenance.options["bins"], provenance.options["layers"]) == (10, ("a", "b"))
    assert json.loads(json.dumps(provenance.options))["select"] is None


def test_versions_name_what_computed_and_drew() -> None:
    versions = package_versions("tensorflow")
    assert list(versions) == [
        "reportgen", "python", "tensorflow", "keras", "numpy", "matplotlib", "jinja2", "pillow", "h5py",
    ]  # fmt: skip
    assert versions["reportgen"] == reportgen.__version__
    assert versions["keras"] == __import__("keras").__version__


def test_a_package_that_is_not_installed_under_its_name_is_unknown(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_PACKAGES", ("no-such-package",))
    assert package_versions("tensorflow")["no-such-package"] == "unknown"


def test_day_is_today_in_utc(monkeypatch: Any) -> None:
    class Early(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2026, 1, 2, 1, 30, tzinfo=timezone(timedelta(hours=2))).astimezone(tz)

    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setattr(module, "datetime", Early)
    assert report_day() == "2026-01-01"


@pytest.mark.parametrize(("epoch", "day"), [("0", "1970-01-01"), ("86399", "1970-01-01"), ("1700000000", "2023-11-14")])
def test_day_is_that_of_source_date_epoch_where_it_is_set(epoch: str, day: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert report_day() == day


@pytest.mark.parametrize("epoch", ["", "yesterday", "1.5", "9" * 30])
def test_bad_source_date_epoch_is_refused_in_one_line(epoch: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(UsageError) as caught:
        report_day()
    assert str(caught.value) == f"SOURCE_DATE_EPOCH must be a number of seconds since 1970. Received: {epoch!r}."


def test_command_quotes_what_a_shell_would_split() -> None:
    options = ReportOptions(title="It's mine", note="a; rm -rf b", layers=("conv*", "$x"))
    command = reproducing_command("my model.keras", options, {"samples": "x y.npz"})
    assert shlex.split(command) == [
        "reportgen", "build", "my model.keras", "--samples", "x y.npz", "--layers", "conv*", "--layers", "$x",
        "--title", "It's mine", "--note", "a; rm -rf b",
    ]  # fmt: skip
    assert "'my model.keras'" in command


def test_command_leaves_defaults_out_and_gives_flags_without_a_value() -> None:
    options = ReportOptions(
        select="first:3", kernel_range=0.5, max_tiles=9, map_scale="map", resize="crop", skip_bad=True
    )
    assert reproducing_command("m.h5", options, {}) == (
        "reportgen build m.h5 --select first:3 --kernel-range 0.5 --map-scale map --max-tiles 9 --resize crop --skip-bad"
    )
    assert reproducing_command("m.h5", DEFAULTS, {}) == "reportgen build m.h5"


def test_file_name_that_looks_like_an_option_stays_a_file_name() -> None:
    assert reproducing_command("-m.h5", DEFAULTS, {}) == "reportgen build ./-m.h5"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("/home/someone/samples.npz:x_test", "samples.npz:x_test"),
        (Path("/home/someone/faces"), "faces"),
        ("fashion_mnist", "fashion_mnist"),
        ("T-shirt/top,Trouser", "T-shirt/top,Trouser"),
        ("/home/someone/a,b.npz", "a,b.npz"),
        (["cat", "dog"], "<list>"),
        (".", "."),
    ],
)
def test_input_is_named_without_its_folder(value: Any, name: str) -> None:
    assert input_name(value) == name


def test_existing_file_with_a_comma_is_named_without_its_folder(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "a,b.npz").write_bytes(b"")
    monkeypatch.chdir(tmp_path.parent)
    assert input_name(f"{tmp_path.name}/a,b.npz") == "a,b.npz"


def test_same_model_and_options_give_the_same_provenance(nested_model: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    first, second = (make_report(nested_model, None, options=DEFAULTS).provenance for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("name", "file", "title"),
    [
        ("functional_3", "birds v2.keras", "birds v2"),
        ("sequential", "birds.weights.h5", "birds"),
        ("model_12", "saved_model", "saved_model"),
        ("mobilenetv2_1.00_224", "birds.keras", "mobilenetv2_1.00_224"),
        ("sequential_net", "birds.keras", "sequential_net"),
        ("functional", None, "functional"),
    ],
)
def test_title_is_the_files_where_keras_made_up_the_models_name(name: str, file: str | None, title: str) -> None:
    assert module._title(name, file) == title


def test_modules_of_the_users_own_are_named_without_their_folder(nested_model: Any) -> None:
    options = replace(DEFAULTS, custom_objects=("/home/someone/secret/layers.py",))
    provenance = make_provenance(adopt_model(nested_model), options, {}, name="outer")
    assert provenance.options["custom_objects"] == ("layers.py",)


def test_samples_in_memory_beside_a_model_file_give_the_call_from_python() -> None:
    inputs: dict[str, Any] = {"samples": "<ndarray>", "labels": "<list>", "class-names": "names.txt"}
    assert reproducing_command("m.keras", replace(DEFAULTS, seed=3), inputs) == (
        "reportgen.build_report('m.keras', samples, labels=labels, class_names='names.txt', seed=3)"
    )
    several = {"samples": ("image=<ndarray>", "meta=b.npy")}
    assert reproducing_command("m.keras", DEFAULTS, several) == "reportgen.build_report('m.keras', samples)"
    assert reproducing_command("m.keras", DEFAULTS, {"samples": "a=b.npy"}).startswith("reportgen build m.keras")
