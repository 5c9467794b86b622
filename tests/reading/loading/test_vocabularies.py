"""Vocabularies of text and lookup layers, read from inside an archive."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from reportgen.errors import ModelError
from reportgen.reading import LoadedModel, WeightsOnly, read_model
from reportgen.untrusted import limits

FIXTURES = Path(__file__).parent.parent / "fixtures"
ASSET = "assets/layers/string_lookup/vocabulary.txt"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with five vocabularies: of text, of text with weights, two of strings, one of numbers in a nested model."""
    keras.utils.set_random_seed(0)
    texts = np.array(["a good film", "a bad film", "größe"])
    text = layers.TextVectorization(max_tokens=20, output_sequence_length=4)
    weighted = layers.TextVectorization(output_mode="tf_idf", name="weighted")
    second, first = layers.StringLookup(name="second"), layers.StringLookup(name="first")
    for layer in (text, weighted):
        layer.adapt(texts)
    first.adapt(np.array(["cat", "dog", "cat"]))
    second.adapt(np.array(["red", "green", "red", "blue"]))
    number, inner_input = layers.IntegerLookup(), keras.Input((1,), dtype="int64")
    number.adapt(np.array([10, 20, 10, 700]))
    inner = keras.Model(inner_input, layers.Embedding(8, 3)(number(inner_input)), name="inner")
    inputs = [keras.Input((1,), dtype="string", name=name) for name in "abcd"]
    inputs.append(keras.Input((1,), dtype="int64", name="e"))
    parts = [layers.Embedding(20, 3)(text(inputs[0])), layers.Reshape((1, 3))(layers.Dense(3)(weighted(inputs[1])))]
    parts += [layers.Embedding(8, 3)(first(inputs[2])), layers.Embedding(8, 3)(second(inputs[3])), inner(inputs[4])]
    path = tmp_path_factory.mktemp("words") / "words.keras"
    keras.Model(inputs, layers.GlobalAveragePooling1D()(layers.Concatenate(axis=1)(parts))).save(path)
    return path


def changed(path: Path, folder: Path, members: Mapping[str, bytes | None]) -> Path:
    """Return a copy of an archive with some members replaced, or left out where they are None."""
    copy = folder / "changed.keras"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = members.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return copy


def run(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return what the model as read and as loaded by Keras answer to the same words."""
    words = [["a bad film"], ["größe film"], ["dog"], ["green"]]
    inputs = [keras.ops.convert_to_tensor(np.array(each)) for each in (*([one] for one in words), [[700]])]
    read = read_model(path)
    assert isinstance(read, LoadedModel), read.message
    return np.asarray(read.model(inputs)), np.asarray(keras.saving.load_model(path)(inputs))


@pytest.mark.dear
def test_a_model_of_words_answers_as_when_it_was_saved(saved: Path) -> None:
    ours, theirs = run(saved)
    np.testing.assert_array_equal(ours, theirs)


def test_a_model_of_words_of_keras_2_answers_as_when_it_was_saved() -> None:
    read = read_model(FIXTURES / "words-2.15.1.keras")
    assert isinstance(read, LoadedModel)
    arrays = np.load(FIXTURES / "words-2.15.1.npz")
    answer = read.model([keras.ops.convert_to_tensor(arrays[f"x{index}"]) for index in range(4)])
    np.testing.assert_allclose(answer, arrays["y0"], atol=1e-6)


def test_an_unzipped_archive_has_its_vocabularies(saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        archive.extractall(tmp_path / "words")
    assert isinstance(read_model(tmp_path / "words"), LoadedModel)


def test_a_vocabulary_that_was_taken_out_is_missed(saved: Path, tmp_path: Path) -> None:
    read = read_model(changed(saved, tmp_path, {ASSET: None}))
    assert isinstance(read, WeightsOnly)
    assert "layer 'second': its vocabulary is not in the file" in read.reasons or (
        "layer 'first': its vocabulary is not in the file" in read.reasons
    )


@pytest.mark.parametrize(
    ("place", "content", "message"),
    [
        (ASSET, b"[UNK]\n\xff\xfe", "a vocabulary.txt is no text. Received: 'utf-8' codec"),
        ("assets/layers/functional/layers/integer_lookup/vocabulary.txt", b"-1\n5\nx", "is not one of whole numbers"),
        (ASSET, b"[UNK]\na\na", "cannot be loaded. Received: The passed vocabulary has at least one repeated term"),
    ],
)
def test_a_damaged_vocabulary_is_one_line(
    saved: Path, tmp_path: Path, place: str, content: bytes, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        read_model(changed(saved, tmp_path, {place: content}))


def test_vocabularies_have_a_limit(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "VOCABULARY_BYTES", 40)
    with pytest.raises(ModelError, match=r"vocabulary.txt is longer than"):
        read_model(saved)
