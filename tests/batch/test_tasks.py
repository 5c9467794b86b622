"""Which models a batch finds, and what their pages are called."""

from pathlib import Path

import pytest

from reportgen.batch import BatchModel, find_models
from reportgen.errors import UsageError
from reportgen.options import DEFAULTS, ReportOptions

LIKE = BatchModel(path=Path(), samples="all.npz", options=ReportOptions(seed=3))


@pytest.fixture
def registry(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("runs/a/epoch-9.keras", "runs/a/epoch-10.keras", "runs/b/epoch-9.keras", "runs/.hidden/x.keras"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"model")
    (tmp_path / "runs" / "samples.npz").write_bytes(b"samples")
    saved = tmp_path / "runs" / "saved"
    saved.mkdir()
    (saved / "saved_model.pb").write_bytes(b"model")
    (saved / "inside.h5").write_bytes(b"part of it")
    return tmp_path


def names(*sources) -> list[str]:
    return [model.name for model in find_models(sources, LIKE)]


def test_a_folder_gives_every_model_below_it_in_counting_order(registry):
    found = find_models(["runs"], LIKE)
    assert [model.path.as_posix() for model in found] == [
        "runs/a/epoch-9.keras",
        "runs/a/epoch-10.keras",
        "runs/b/epoch-9.keras",
        "runs/saved",
    ]
    assert {model.samples for model in found} == {"all.npz"}


def test_models_of_one_name_are_called_by_their_folders_too(registry):
    assert names("runs") == ["a-epoch-9.keras", "epoch-10", "b-epoch-9.keras", "saved"]


def test_models_of_one_stem_are_called_by_their_endings(registry):
    (registry / "m.keras").touch()
    (registry / "m.h5").touch()
    assert names("m.keras", "m.h5", "n.weights.h5") == ["m.keras", "m.h5", "n"]


def test_the_index_is_no_model(registry):
    assert names("Index.keras") == ["Index-page"]


def test_names_that_differ_in_case_alone_are_told_apart(registry):
    one, other = names("m.keras", "M.keras")
    assert one.casefold() != other.casefold()


def test_a_pattern_gives_what_matches_it(registry):
    assert names("runs/*/epoch-9.keras") == ["a-epoch-9.keras", "b-epoch-9.keras"]
    assert len(names("runs/**/*.keras")) == 3
    with pytest.raises(UsageError, match=r"a pattern must match a model. Received: none/\*.keras"):
        names("none/*.keras")


def test_each_model_is_taken_once(registry):
    assert names("runs/a", "runs/a/epoch-9.keras") == ["epoch-9", "epoch-10"]


def test_a_file_that_is_not_there_is_kept_for_its_own_row(registry):
    assert names("gone.keras") == ["gone"]


def test_a_folder_without_models_is_told(registry):
    (registry / "empty").mkdir()
    with pytest.raises(UsageError, match="Received: empty, which holds none"):
        names("empty")


def test_a_list_gives_each_model_its_samples_and_options(registry):
    (registry / "lists").mkdir()
    (registry / "lists" / "own.npz").touch()
    (registry / "lists" / "models.toml").write_text(
        """
        samples = "own.npz"
        max-tiles = 4
        [[models]]
        path = "../runs/a/epoch-9.keras"
        name = "first"
        title = "The first"
        layers = ["conv", "dense"]
        [[models]]
        path = "../runs/b"
        samples = "fashion_mnist"
        expect = "accuracy=0.9"
        """
    )
    first, second = find_models(["lists/models.toml"], LIKE)
    assert (first.name, first.samples) == ("first", "lists/own.npz")
    assert first.options == ReportOptions(seed=3, max_tiles=4, title="The first", layers=("conv", "dense"))
    assert (second.name, second.samples) == ("epoch-9", "fashion_mnist")
    assert second.options == ReportOptions(seed=3, max_tiles=4, expect=("accuracy=0.9",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[models]]\npath = 3", r"\[\[models\]\] number 1 must have a path"),
        ("[[models]]\npath = 'a.keras'\nbinz = 3", "there is no option --binz"),
        ("[[models]]\npath = 'a.keras'\nbins = 0", "--bins must be a whole number from 1 to 1000"),
        ("samples = 'a.npz'", r"must hold a table \[\[models\]\]"),
        ("models = ", "must be TOML in UTF-8"),
    ],
)
def test_a_list_that_is_wrong_is_told_in_one_line(registry, text, said):
    (registry / "list.toml").write_text(text)
    with pytest.raises(UsageError, match=said):
        names("list.toml")


def test_a_model_with_options_of_its_own_keeps_them():
    own = BatchModel(path=Path("m.keras"), name="a b/../c")
    (found,) = find_models([own], LIKE)
    assert (found.name, found.options) == ("a-b-..-c", DEFAULTS)
