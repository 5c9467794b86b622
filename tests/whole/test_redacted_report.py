"""A redacted report, searched for all that it must not show. The same search finds all of it in a full report."""

import base64
import gzip
import html
import io
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

import reportgen
from reportgen.cli.app import run
from reportgen.cli.github import annotations_of, commands_of
from reportgen.cli.terminal import findings_text, gate_text
from reportgen.rendering.writers import WRITERS, Asked
from reportgen.results.findings import Severity
from reportgen.results.plottables import ImageGrid, Palette, Panel, PanelGrid
from reportgen.results.report import SkippedSection

pytestmark = pytest.mark.slow

SIZE, CLASSES = 16, 3
FOLDERS = ("azure_folder", "beige_folder", "coral_folder")
NAMES = ("denim_class", "ebony_class", "fawn_class")
IMAGES = tuple(f"{word}_{number}" for word in ("ginger", "hazel", "indigo") for number in range(4))
ALIKE = 0.97
"""Correlation from which two pictures are the same one; that of pictures of something else stays under it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Path:
    """Return a folder with a model, images in class folders, labels, class names and a configuration, all of telling names."""
    import keras
    from keras import layers

    root = tmp_path_factory.mktemp("redacted")
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="first"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(24, 5, padding="same", activation="relu", name="second"),
            layers.GlobalAveragePooling2D(name="mean"),
            layers.Dense(CLASSES, activation="softmax", name="scores"),
        ],
        name="jade_model",
    )
    model.save(root / "khaki_model.keras")
    generator = np.random.default_rng(5)
    for number, image in enumerate(IMAGES):
        path = root / "lilac_images" / FOLDERS[number // 4] / f"{image}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        blocks = generator.integers(0, 256, (8, 8)).astype(np.uint8)
        Image.fromarray(blocks.repeat(2, axis=0).repeat(2, axis=1)).save(path)
    (root / "lilac_images" / FOLDERS[0] / "maroon_damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (root / "lilac_images" / FOLDERS[1] / "navy_beside.txt").write_text("text")
    (root / "ochre_names.txt").write_text("\n".join(NAMES))
    (root / "peach_config.toml").write_text("redraws = 10\n[rules]\nsilent-channels = 0.5\n")
    (root / "quartz_objects.py").write_text("")
    return root


SECRETS = (
    *IMAGES, "jade_model", "khaki_model", "lilac_images", "maroon_damaged", "navy_beside", "peach_config", "quartz_objects",
    "ruby_title", "sepia_note",
)  # fmt: skip
OPTIONS: dict[str, Any] = {
    "select": "first:12", "skip_bad": True, "title": "ruby_title", "note": "a sepia_note", "attribution": "hirescam,gradcam",
}  # fmt: skip


def built(folder: Path, *, class_names: bool, redact: bool) -> reportgen.Report:
    """Return a report of all images; the classes are called as their folders or as a file says."""
    return reportgen.build_report(
        folder / "khaki_model.keras",
        str(folder / "lilac_images"),
        class_names=folder / "ochre_names.txt" if class_names else None,
        config=folder / "peach_config.toml",
        custom_objects=[str(folder / "quartz_objects.py")],
        redact=redact,
        **OPTIONS,
    )


def secrets(class_names: bool) -> tuple[str, ...]:
    return (*SECRETS, *NAMES, "ochre_names") if class_names else (*SECRETS, *FOLDERS)


@pytest.fixture(scope="module", params=[False, True], ids=["folders", "names"])
def pair(request: Any, folder: Path) -> tuple[bool, reportgen.Report, reportgen.Report]:
    """Return whether class names were given, the full report and the redacted one."""
    full, redacted = (built(folder, class_names=request.param, redact=redact) for redact in (False, True))
    return request.param, full, redacted


by_folders = pytest.mark.parametrize("pair", [False], ids=["folders"], indirect=True)
"""For what is searched in pictures, which take seconds: no picture depends on what the classes are called."""


def images_of(page: str) -> Iterator[tuple[str, bytes]]:
    """Yield the type and the content of every image that a page embeds."""
    for kind, data in re.findall(r"data:(image/[a-z+]+);base64,([A-Za-z0-9+/=]+)", page):
        yield kind, base64.b64decode(data)


def text_of(page: str) -> str:
    """Return all that can be read in a page: its text and attributes, its numbers, and its images' bytes."""
    link = re.search(r'href="data:application/gzip;base64,([A-Za-z0-9+/=]+)"', page)
    assert link
    download = gzip.decompress(base64.b64decode(link[1])).decode("utf-8")
    drawn = [content.decode("latin-1") for _, content in images_of(page)]
    return "\n".join([page, html.unescape(page), json.dumps(json.loads(download)), download, *drawn])


def found(text: str, words: tuple[str, ...]) -> set[str]:
    return {word for word in words if word.lower() in text.lower()}


def pictures_of(page: str) -> list[np.ndarray]:
    """Return the values of every PNG: positions in the palette where it has one, which are linear in what was drawn."""
    pictures = []
    for kind, content in images_of(page):
        if kind == "image/png":
            image = Image.open(io.BytesIO(content))
            pictures.append(np.asarray(image if image.mode == "P" else image.convert("L"), np.float64))
        else:
            assert kind == "image/svg+xml"
            assert b"<image" not in content
    return pictures


def likeness(picture: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Return of each pattern of (n, height, width) the largest correlation, without its sign, with any part of a picture."""
    if any(has < wanted for has, wanted in zip(picture.shape, patterns.shape[1:], strict=True)):
        return np.zeros(len(patterns))
    windows = sliding_window_view(picture, patterns.shape[1:]).reshape(-1, patterns[0].size)
    parts, wanted = (rows - rows.mean(axis=1, keepdims=True) for rows in (windows, patterns.reshape(len(patterns), -1)))
    products = parts @ wanted.T
    lengths = np.linalg.norm(parts, axis=1)[:, None] * np.linalg.norm(wanted, axis=1)
    return np.abs(np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 1e-9)).max(axis=0)


def hidden_patterns(folder: Path) -> dict[str, np.ndarray]:
    """Return the images as stored and, of each convolution, the channel that varies most, computed here once more.

    The page's colours are even in the square root of a map's values.
    """
    import keras

    model = keras.saving.load_model(folder / "khaki_model.keras")
    patterns = {}
    for number, name in enumerate(IMAGES):
        pixels = np.asarray(Image.open(folder / "lilac_images" / FOLDERS[number // 4] / f"{name}.png"), np.float64)
        patterns[name] = pixels
        maps = pixels[None, :, :, None] / 255
        for layer in model.layers[:3]:
            maps = np.asarray(layer(maps))
            if layer.name != "pool":
                strongest = maps[0].std(axis=(0, 1)).argmax()
                patterns[f"{name} in {layer.name}"] = np.sqrt(maps[0, ..., strongest].astype(np.float64))
    return patterns


def test_nothing_that_was_to_be_hidden_can_be_read(pair):
    class_names, _, redacted = pair
    words = secrets(class_names)
    assert found(text_of(redacted.to_html()), words) == set()
    assert found(redacted.to_json(), words) == set()
    assert found(repr(redacted), words) == set()
    assert found(redacted._repr_html_(), words) == set()


def test_the_same_search_finds_all_of_it_in_a_full_report(pair):
    class_names, full, _ = pair
    words = secrets(class_names)
    assert found(text_of(full.to_html()), words) == set(words)
    assert found(full.to_json(), words) == set(words)


@pytest.mark.parametrize("form", sorted(WRITERS.keys() - {"html", "pdf"}))
def test_no_other_form_shows_more_than_the_page(pair, form):
    class_names, full, redacted = pair
    words, asked = secrets(class_names), Asked(fail_on=Severity.NOTE)
    assert found(str(WRITERS[form](redacted, asked)), words) == set()
    shown_by_full = {"json": set(words), "junit": {"ruby_title"}, "metrics": set()}
    usual = {"ruby_title", "khaki_model", "peach_config"}
    assert found(str(WRITERS[form](full, asked)), words) >= shown_by_full.get(form, usual)


def test_what_github_and_the_terminal_are_told_names_nothing(pair):
    class_names, _, redacted = pair
    said = [
        *commands_of(annotations_of(redacted)),
        findings_text(redacted.findings, redacted.undecided),
        gate_text(redacted, "note"),
    ]
    assert found("\n".join(said), secrets(class_names)) == set()


def smaller(pattern: np.ndarray) -> Iterator[np.ndarray]:
    """Yield a picture and the means of its blocks, down to 4 x 4, by which it could still be told."""
    yield pattern
    for factor in (2, 4):
        height, width = (size // factor for size in pattern.shape)
        if min(height, width) >= 4:
            cut = pattern[: height * factor, : width * factor]
            yield cut.reshape(height, factor, width, factor).mean(axis=(1, 3))


def shown_of(patterns: list[np.ndarray], pictures: list[np.ndarray]) -> set[int]:
    """Return the positions of the patterns that a picture shows, also in whole multiples, as small ones are embedded.

    Of a picture with patterns enlarged by a factor, every factor-th pixel is looked at, from each first one in turn: by
    Cauchy and Schwarz one of these correlations is at least that of all pixels with the enlarged pattern.
    """
    found: set[int] = set()
    for shape in {pattern.shape for pattern in patterns}:
        for factor in range(1, 1 + 3 * SIZE // max(shape)):
            starts = list(np.ndindex(factor, factor))
            thinned = [picture[y::factor, x::factor] for picture in pictures for y, x in starts]
            for part in {(part.shape, part.tobytes()): part for part in thinned}.values():
                sought = [n for n, pattern in enumerate(patterns) if pattern.shape == shape and n not in found]
                if sought:
                    alike = likeness(part, np.stack([patterns[n] for n in sought])) > ALIKE
                    found |= {n for n, same in zip(sought, alike, strict=True) if same}
    return found


@by_folders
def test_no_picture_shows_a_sample_or_what_a_layer_made_of_it(pair, folder):
    _, full, redacted = pair
    shown, left = pictures_of(full.to_html()), pictures_of(redacted.to_html())
    assert max(min(picture.shape) for picture in left) >= SIZE  # so that a sample could be in it
    hidden = hidden_patterns(folder)
    assert shown_of(list(hidden.values()), shown) == set(range(len(hidden)))
    names, patterns = zip(
        *((name, small) for name, pattern in hidden.items() for small in smaller(pattern)), strict=True
    )
    assert [names[position] for position in shown_of(list(patterns), left)] == []


def drawn_patterns(report: reportgen.Report) -> list[np.ndarray]:
    """Return every tile of the full report that was made of samples and is large enough to be recognised."""
    plottables = [piece for piece in pieces_of(report.sections) if isinstance(piece, ImageGrid | Panel)]
    of_samples = [one for one in plottables if one.palette is not Palette.DIVERGING]
    tiles = [
        np.sqrt(np.maximum(tile, 0.0)) if getattr(one, "root", False) else tile.astype(np.float64)
        for one in of_samples
        for tile in one.images
        if min(tile.shape[:2]) >= 8
    ]
    return [tile for tile in tiles if np.isfinite(tile).all() and len(np.unique(tile)) > tile.size / 2]  # no mere edge


@by_folders
def test_no_tile_of_the_full_report_that_was_made_of_samples_is_left(pair):
    _, full, redacted = pair
    shown, left = pictures_of(full.to_html()), pictures_of(redacted.to_html())
    patterns = drawn_patterns(full)
    assert len(patterns) > 12 * (1 + 4 + 1)  # at least pictures, maps of a layer and attribution maps
    sought = patterns[::23]
    assert shown_of(sought, shown) == set(range(len(sought)))
    assert shown_of([small for pattern in sought for small in smaller(pattern)], left) == set()


def test_pictures_of_weights_are_those_of_the_full_report(pair):
    _, full, redacted = pair
    everything = {content for _, content in images_of(full.to_html())}
    left = [content for _, content in images_of(redacted.to_html())]
    assert set(left) <= everything
    grids = [section.result for section in redacted.sections if section.name == "filter_grids"]
    assert [grid.label for grid in grids[0].grids] == ["first", "second"]


def sections_of(report: reportgen.Report) -> dict[str, Any]:
    return {one["name"]: one["result"] for one in json.loads(report.to_json())["sections"]}


def test_the_numbers_are_those_of_the_full_report(pair):
    _, full, redacted = pair
    before, after = sections_of(full), sections_of(redacted)
    for name in ("weight_histograms", "learned", "filter_grids", "preprocessing_check", "channel_activity"):
        assert after[name] == before[name], name
    quality = [sections["prediction_quality"]["classification"] for sections in (before, after)]
    for measure in ("accuracy", "calibration", "confident", "confident_wrong", "majority_share", "total_classes"):
        assert quality[1][measure] == quality[0][measure], measure
    assert quality[1]["matrix"]["cells"] == quality[0]["matrix"]["cells"]
    assert quality[1]["matrix"]["names"] == ["class 0", "class 1", "class 2"]
    for old, new in zip(quality[0]["classes"], quality[1]["classes"], strict=True):
        assert {**new, "name": ""} == {**old, "name": ""}
    for old, new in zip(before["attribution"]["methods"], after["attribution"]["methods"], strict=True):
        for one, other in zip(old["samples"], new["samples"], strict=True):
            assert {**other, "label": "", "target": ""} == {**one, "label": "", "target": ""}
    kept = {"index", "correct"}
    for old, new in zip(before["sample_predictions"]["shown"], after["sample_predictions"]["shown"], strict=True):
        assert {name: new[name] for name in kept} == {name: old[name] for name in kept}
        assert [one["probability"] for one in new["top"]] == [one["probability"] for one in old["top"]]
    assert redacted.provenance.sha256 == full.provenance.sha256
    assert redacted.samples.stored_range == full.samples.stored_range
    assert redacted.samples.shape == full.samples.shape == (SIZE, SIZE, 1)


def test_findings_and_gates_are_those_of_the_full_report(pair):
    _, full, redacted = pair
    of = [[(one.code, one.severity, one.evidence, one.threshold) for one in each.findings] for each in (full, redacted)]
    assert of[0] == of[1]
    assert [one.code for one in full.inconclusive] == [one.code for one in redacted.inconclusive]
    assert full.failed("warning") == redacted.failed("warning")


def test_nothing_says_which_class_a_single_sample_has_or_was_given(pair):
    _, _, redacted = pair
    after = sections_of(redacted)
    for sample in after["sample_predictions"]["shown"]:
        assert (sample["name"], sample["label"], sample["picture"]) == ("", None, None)
        assert [one["name"] for one in sample["top"]] == ["score 1", "score 2", "score 3"]
    for sample in after["prediction_quality"]["worst"]:
        assert (sample["name"], sample["label"], sample["predicted"], sample["right"]) == ("", "", "", None)
    for method in after["attribution"]["methods"]:
        assert method["figure"] is None
        assert {(sample["label"], sample["target"]) for sample in method["samples"]} == {(None, "")}


def test_the_page_says_what_was_left_out(pair):
    _, _, redacted = pair
    page = redacted.to_html()
    assert "<title>Redacted model report</title>" in page
    said = re.findall(r"<p>(Removed by --redact: [^<]*)</p>|<td>(Removed by --redact: [^<]*)</td>", page)
    assert said == [(redacted.provenance.redaction, ""), ("", redacted.provenance.redaction)]  # summary and provenance
    assert redacted.provenance.options["redact"] is True
    assert redacted.provenance.command == (
        "reportgen build MODEL --samples SAMPLES" + " --class-names CLASS_NAMES" * pair[0] + " --config CONFIG "
        "--select first:12 --redact --attribution hirescam --attribution gradcam --redraws 10 --skip-bad "
        "--custom-objects CUSTOM_OBJECTS"
    )


def test_the_json_has_the_same_schema(pair):
    schema = Path(reportgen.__file__).parent / "rendering" / "report.schema.json"
    validator = jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    assert not list(validator.iter_errors(json.loads(pair[2].to_json())))


def pieces_of(value: Any) -> Iterator[Any]:
    """Yield everything that a result is made of."""
    yield value
    if is_dataclass(value):
        for field in fields(value):
            yield from pieces_of(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from pieces_of(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from pieces_of(one)


def test_a_new_section_or_field_that_was_not_decided_on_is_seen_here(pair):
    _, _, redacted = pair
    skipped = {section.name: section.reason for section in redacted.sections if isinstance(section, SkippedSection)}
    reason = "This section shows the samples, so --redact leaves it out."
    assert skipped == {
        "feature_maps": reason,
        "concepts": reason,
        "filter_responses": reason,
        "batch_normalization": "The model has no BatchNormalization layer.",
        "training": "The model holds no training configuration. Add --history FILE for its learning curves.",
        "shortcuts": "Too few samples are answered differently, so no place can be exchanged between answers.",
        "robustness": "12 samples are too few to compare answers; 30 are needed.",
        "slices": "No two groups of 10 samples can be made of the samples.",
    }
    pieces = list(pieces_of(redacted.sections))
    assert not [piece for piece in pieces if isinstance(piece, Panel | PanelGrid)]
    assert all(piece.of_weights for piece in pieces if isinstance(piece, ImageGrid))


def test_the_command_line_redacts_the_page_and_the_json(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page, numbers = tmp_path / "page.html", tmp_path / "numbers.json"
    given = ["--samples", str(folder / "lilac_images"), "--select", "first:2", "--skip-bad", "--title", "ruby_title"]
    model = str(folder / "khaki_model.keras")
    assert run(["build", model, *given, "--redact", "-o", str(page), "--json", str(numbers), "--quiet"]) == 0
    written = text_of(page.read_text(encoding="utf-8")) + numbers.read_text(encoding="utf-8")
    assert found(written, secrets(class_names=False)) == set()


def test_a_report_of_weights_alone_does_not_name_its_file(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3)], name="jade_model")
    model.save_weights(tmp_path / "khaki.weights.h5")
    full, redacted = (reportgen.build_report(tmp_path / "khaki.weights.h5", redact=redact) for redact in (False, True))
    assert found(text_of(full.to_html()), ("khaki",)) == {"khaki"}
    assert found(text_of(redacted.to_html()) + repr(redacted), ("khaki", "jade_model")) == set()


def small_model(*ends: Any) -> Any:
    import keras
    from keras import layers

    keras.utils.set_random_seed(2)
    return keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), *ends])


def test_numbers_that_single_samples_should_give_are_hidden():
    from keras import layers

    inputs = np.random.default_rng(1).random((10, 6, 6, 1), np.float32)
    targets = np.arange(10) + 0.7391
    samples, words = (inputs, targets), tuple(f"{target:g}" for target in targets)
    model = small_model(layers.Dense(1))
    full, redacted = (reportgen.build_report(model, samples, redact=redact) for redact in (False, True))
    assert found(text_of(full.to_html()), words) == set(words)
    assert found(text_of(redacted.to_html()) + repr(redacted), words) == set()
    before, after = (sections_of(report)["prediction_quality"] for report in (full, redacted))
    assert after["regression"] == before["regression"]
    assert [one["index"] for one in after["worst"]] == [one["index"] for one in before["worst"]]
    for one in sections_of(redacted)["sample_predictions"]["shown"]:
        assert (one["output"], one["target"]) == (None, None)


def test_sets_of_classes_of_single_samples_are_hidden():
    from keras import layers

    generator = np.random.default_rng(1)
    samples = (generator.random((10, 6, 6, 1), np.float32), generator.integers(0, 2, (10, 3)))
    model = small_model(layers.Dense(3, activation="sigmoid"))
    full, redacted = (
        reportgen.build_report(model, samples, class_names=NAMES, redact=redact) for redact in (False, True)
    )
    assert found(text_of(full.to_html()), NAMES) == set(NAMES)
    assert found(text_of(redacted.to_html()) + repr(redacted), NAMES) == set()
    before, after = (sections_of(report)["prediction_quality"]["multi_label"] for report in (full, redacted))
    assert [one["name"] for one in after["classes"]] == ["class 0", "class 1", "class 2"]
    assert {**after, "classes": None} == {**before, "classes": None}
    for sample in sections_of(redacted)["sample_predictions"]["shown"]:
        assert (sample["classes"], sample["predicted"], sample["label"]) == (None, None, None)


def test_a_failing_model_is_not_quoted(tmp_path):
    import keras

    @keras.saving.register_keras_serializable("tests")
    class Failing(keras.layers.Layer):
        def call(self, inputs):
            if inputs.shape[0] is not None:
                raise ValueError("umber_folder/image.png")
            return inputs

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3), Failing()])
    full, redacted = (
        reportgen.build_report(model, np.zeros((2, 4, 4, 1), np.float32), redact=redact) for redact in (False, True)
    )
    assert found(text_of(full.to_html()), ("umber_folder",)) == {"umber_folder"}
    assert found(text_of(redacted.to_html()) + repr(redacted), ("umber_folder",)) == set()


def test_a_subclassed_models_class_is_not_named():
    import keras

    namespace: dict[str, Any] = {"keras": keras}
    exec(
        textwrap.dedent(
            """
            class UmberNet(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.conv = keras.layers.Conv2D(2, 3)
                def call(self, inputs):
                    return self.conv(inputs)
            """
        ),
        namespace,
    )
    model = namespace["UmberNet"]()
    model(np.zeros((1, 4, 4, 1), np.float32))
    full, redacted = (
        reportgen.build_report(model, np.zeros((2, 4, 4, 1), np.float32), redact=redact) for redact in (False, True)
    )
    assert found(text_of(full.to_html()), ("UmberNet", "umber_net")) != set()
    assert found(text_of(redacted.to_html()) + repr(redacted), ("UmberNet", "umber_net")) == set()
