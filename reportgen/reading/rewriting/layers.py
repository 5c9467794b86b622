"""One layer's configuration, made readable for Keras 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.messages import say
from reportgen.reading.rewriting import keras_names
from reportgen.reading.rewriting.obstacles import Notes, ObstacleKind
from reportgen.reading.rewriting.values import Nested, readable_value
from reportgen.untrusted.escaping import shown

# Arguments that configurations of Keras 2 have and Keras 3 does not take, and the values that change nothing.
# Found by comparing `get_config()` of every layer of Keras 2.15 with the signatures of Keras 3.15.
_ANY = object()
_GROUPS = {"groups": 1}
_RECURRENT = {"time_major": False, "implementation": _ANY}
_OF_RANDOM_LAYERS = {"rng_type": _ANY}  # of tf_keras 2.16 and later; it matters in training alone
_SEPARABLE = {**_GROUPS, "kernel_initializer": _ANY, "kernel_regularizer": _ANY, "kernel_constraint": _ANY}
DROPPED: Mapping[str, Mapping[str, Any]] = {
    "Conv1DTranspose": _GROUPS,
    "Conv2DTranspose": _GROUPS,
    "Conv3DTranspose": _GROUPS,
    "DepthwiseConv1D": {**_SEPARABLE, "filters": _ANY},
    "DepthwiseConv2D": {**_SEPARABLE, "filters": _ANY},
    "SeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE,
    "ConvLSTM1D": {**_RECURRENT, "unroll": _ANY},
    "ConvLSTM2D": {**_RECURRENT, "unroll": _ANY},
    "ConvLSTM3D": {**_RECURRENT, "unroll": _ANY},
    "RNN": _RECURRENT,
    "LSTM": _RECURRENT,
    "GRU": _RECURRENT,
    "SimpleRNN": _RECURRENT,
    "LSTMCell": _RECURRENT,
    "GRUCell": _RECURRENT,
    "SimpleRNNCell": _RECURRENT,
    "Embedding": {"input_length": _ANY},
    "MultiHeadAttention": {
        "query_shape": _ANY,
        "key_shape": _ANY,
        "value_shape": _ANY,
        "softmax_robust_masking": False,
    },
    "SpatialDropout1D": {"noise_shape": _ANY, "trainable": _ANY},
    "SpatialDropout2D": {"noise_shape": _ANY, "trainable": _ANY},
    "SpatialDropout3D": {"noise_shape": _ANY, "trainable": _ANY},
    "IntegerLookup": {"vocabulary_size": _ANY},
    "StringLookup": {"vocabulary_size": _ANY},
    "TextVectorization": {"vocabulary_size": _ANY},
    "BatchNormalization": {
        "mode": 0,
        "renorm": False,
        "renorm_clipping": _ANY,
        "renorm_momentum": _ANY,
        "virtual_batch_size": None,
        "fused": _ANY,
        "adjustment": None,
    },
}
# Given anew by Keras 3 from the graph or the input layer
_INPUT_ARGUMENTS = ("batch_input_shape", "batch_shape", "input_shape", "input_dim", "input_dtype", "input_tensor")
_KERAS_1_ARGUMENTS = frozenset(
    {"nb_filter", "nb_row", "border_mode", "subsample", "dim_ordering", "init", "gamma_init"}
)
VOCABULARY_LAYERS = ("IntegerLookup", "StringLookup", "TextVectorization")


def readable_layer(item: Mapping[str, Any], *, path: str, notes: Notes, nested: Nested) -> dict[str, Any]:
    """Return a layer of Keras as Keras 3 writes it.

    Args:
        item: the layer's entry, with a `class_name` that is in `keras_names.LAYERS` or its aliases.
        path: the layer's path, for notes.
        notes: take what was rewritten and what is not known.
        nested: rewrites a layer within this layer.
    """
    class_name = keras_names.ALIASES.get(item["class_name"], item["class_name"])
    config = item.get("config")
    if not isinstance(config, dict):
        notes.met(ObstacleKind.LAYOUT, path, say("{kind} without a configuration", kind=shown(class_name)))
        config = {}
    if class_name == "InputLayer":
        return _item(class_name, _input_config(config, path, notes, nested), item)
    # An embedding's input_dim is the size of its table
    ours = ("input_dim",) if class_name in ("Embedding", "ReversibleEmbedding") else ()
    config = {key: value for key, value in config.items() if key not in _INPUT_ARGUMENTS or key in ours}
    config = _without_dropped(class_name, config, path, notes)
    _complete(class_name, config, path, notes)
    readable = {key: readable_value(key, value, path=path, notes=notes, nested=nested) for key, value in config.items()}
    if isinstance(readable.get("axis"), list):
        readable["axis"] = _axis(readable["axis"], path, notes, in_hdf5="module" not in item)
    if class_name in VOCABULARY_LAYERS:
        _check_vocabulary(readable, path, notes)
    return _item(class_name, readable, item)


def _item(class_name: str, config: dict[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "module": keras_names.APPLICATION_LAYERS.get(class_name, "keras.layers"),
        "class_name": class_name,
        "config": config,
        "registered_name": None,
    }
    if isinstance(item.get("shared_object_id"), int):
        result["shared_object_id"] = item["shared_object_id"]
    return result


def _input_config(config: Mapping[str, Any], path: str, notes: Notes, nested: Nested) -> dict[str, Any]:
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    readable: dict[str, Any] = {
        "batch_shape": readable_value("batch_shape", shape, path=path, notes=notes, nested=nested),
        "dtype": readable_value("dtype", config.get("dtype"), path=path, notes=notes, nested=nested),
        "name": config.get("name"),
    }
    # Left out when they say nothing: not every Keras 3 takes all of them
    readable.update({key: True for key in ("sparse", "ragged", "optional") if config.get(key)})
    return readable


def _without_dropped(class_name: str, config: Mapping[str, Any], path: str, notes: Notes) -> dict[str, Any]:
    dropped = {**DROPPED.get(class_name, {}), **_OF_RANDOM_LAYERS} if notes.old else {}
    for argument in dropped:
        if argument not in config:
            continue
        neutral = dropped[argument]
        if neutral is not _ANY and config[argument] not in (neutral, None):
            notes.met(
                ObstacleKind.REMOVED,
                path,
                say("{kind} with {argument}", kind=shown(class_name), argument=shown(f"{argument}={config[argument]}")),
            )
        notes.rewrote(say("Arguments that Keras 3 does not accept were dropped"), f"{class_name} {argument}")
    # None says nothing, and an older Keras 3, all that Python 3.10 has, does not take it
    newer = {"quantization_config"} if config.get("quantization_config", "") is None else set()
    return {key: value for key, value in config.items() if key not in dropped and key not in newer}


def _complete(class_name: str, config: dict[str, Any], path: str, notes: Notes) -> None:
    """Write down what an older Keras meant where it wrote nothing."""
    if class_name in ("GRU", "GRUCell") and notes.old and "reset_after" not in config:
        # Keras up to 2.1.2 had no such argument; the default of Keras 3 is True and has another bias
        config["reset_after"] = False
        notes.rewrote(say("GRU keeps the reset gate before the product, as before Keras 2.1.3"), path)
    if class_name == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = config.pop("alpha")
    if not _KERAS_1_ARGUMENTS.isdisjoint(config):
        notes.met(ObstacleKind.REMOVED, path, say("{kind} of Keras 1", kind=shown(class_name)))


def _axis(axis: list[Any], path: str, notes: Notes, *, in_hdf5: bool) -> Any:
    if len(axis) == 1:
        if notes.old:
            notes.rewrote(say("An axis given as a list was unpacked"), path)
        return axis[0]
    if in_hdf5:
        notes.rewrote(say("Several axes were kept that Keras 3 drops when it reads an .h5 file"), path)
    return axis


def _check_vocabulary(config: Mapping[str, Any], path: str, notes: Notes) -> None:
    vocabulary = config.get("vocabulary")
    if isinstance(vocabulary, str):
        notes.met(ObstacleKind.OUTSIDE, path, vocabulary)
    elif vocabulary is None:
        notes.met(ObstacleKind.LEFT_OUT, path, say("its vocabulary"))
