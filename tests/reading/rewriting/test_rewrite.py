"""Configurations of older Keras, one at a time: what comes out, what is said, what stands against running it."""

from pathlib import Path
from typing import Any

import keras
import pytest

from reportgen.reading.containers.recognition import recognise
from reportgen.reading.loading.build import build_model
from reportgen.reading.loading.decision import decide
from reportgen.reading.loading.inventory import take_inventory
from reportgen.reading.rewriting.calls import Call, Names, calls_of
from reportgen.reading.rewriting.obstacles import Notes, ObstacleKind
from reportgen.reading.rewriting.operations import UnknownOperationError, operation_item
from reportgen.reading.rewriting.rewrite import Readable, make_readable
from reportgen.reading.rewriting.values import readable_value

INPUT = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4, 4, 2], "dtype": "float32", "name": "in"}}
TENSOR = {"class_name": "__keras_tensor__", "config": {"shape": [], "dtype": "float32", "keras_history": ["in", 0, 0]}}


def sequential(*layers: dict[str, Any], version: str | None = "2.15.0") -> Readable:
    config = {"class_name": "Sequential", "config": {"name": "m", "layers": [INPUT, *layers]}}
    return make_readable(config, keras_version=version)


def layer(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": "l", **config}}


def config_of(readable: Readable) -> dict[str, Any]:
    config: dict[str, Any] = readable.config["config"]["layers"][-1]["config"]
    return config


def names_of_obstacles(readable: Readable) -> list[tuple[ObstacleKind, str]]:
    return [(obstacle.kind, obstacle.name) for obstacle in readable.obstacles]


def value(key: str, content: Any, *, old: bool = True) -> tuple[Any, Notes]:
    notes = Notes(old=old)
    return readable_value(key, content, path="l", notes=notes, nested=lambda item, _: dict(item)), notes


def test_initialisers_of_tensorflow_1_lose_their_data_type() -> None:
    for name in ("GlorotUniform", "GlorotUniformV2", "glorot_uniform"):
        result, _ = value("kernel_initializer", {"class_name": name, "config": {"seed": 1, "dtype": "float32"}})
        assert (result["module"], result["class_name"], result["config"]) == (
            "keras.initializers",
            "GlorotUniform",
            {"seed": 1},
        )


def test_initialisers_given_by_name_and_by_old_arguments() -> None:
    assert value("bias_initializer", "zero")[0]["class_name"] == "Zeros"
    scaling = {"class_name": "VarianceScaling", "config": {"distribution": "normal"}}
    assert value("kernel_initializer", scaling)[0]["config"] == {"distribution": "truncated_normal"}


def test_custom_initialiser_is_left_out_and_told() -> None:
    result, notes = value("kernel_initializer", {"class_name": "Mine", "config": {}})
    assert result is None
    assert notes.sentences() == ("A custom initialiser was left out; the model runs without it: l (Mine).",)
    assert not notes.obstacles


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("float32", "float32"),
        (None, None),
        ({"class_name": "Policy", "config": {"name": "mixed_float16"}}, "mixed_float16"),
        ({"class_name": "PolicyV1", "config": {"name": "_infer"}}, None),
    ],
)
def test_policies_of_keras_2_become_names(policy: Any, expected: str | None) -> None:
    assert value("dtype", policy)[0] == expected


def test_policies_of_keras_3_are_kept() -> None:
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
    kept = value("dtype", policy, old=False)[0]
    assert (kept["class_name"], kept["config"]) == ("DTypePolicy", {"name": "float32"})
    policies = {"default_policy": "float32", "policy_map": {"a": policy}}
    mapped = value("dtype", {"class_name": "DTypePolicyMap", "config": policies}, old=False)[0]
    assert mapped["config"]["policy_map"]["a"]["config"] == {"name": "float32"}


def test_policy_of_another_kind_stands_against_running() -> None:
    assert value("dtype", {"class_name": "Mine", "config": {"name": "a\nb"}})[1].obstacles


def test_activation_functions_of_keras_2_become_names() -> None:
    function = {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}
    assert value("activation", function)[0] == "relu"
    assert value("activation", None)[0] is None
    assert value("activation", "hard_sigmoid", old=False)[0] == "hard_sigmoid"
    assert value("activation", "hard_sigmoid")[0]["config"] == "keras2_hard_sigmoid"


def test_tuples_slices_and_bytes_of_a_configuration() -> None:
    assert value("size", {"class_name": "__tuple__", "items": [1, 2]})[0] == [1, 2]
    assert value("size", {"class_name": "TensorShape", "items": [None, 2]})[0] == [None, 2]
    ellipsis = {"class_name": "__ellipsis__", "config": {}}
    assert value("args", [ellipsis])[0] == [ellipsis]
    hidden = {"class_name": "__slice__", "config": {"start": {"class_name": "Mine"}, "stop": [1], "step": None}}
    assert [obstacle.kind for obstacle in value("args", hidden)[1].obstacles] == [ObstacleKind.LAYOUT]


def test_registered_objects_and_plain_dictionaries_are_kept() -> None:
    generator = {"module": "keras.random", "class_name": "SeedGenerator", "config": {"seed": 1}}
    assert value("seed", generator)[0]["module"] == "keras.random"
    assert value("anything", {"class_name": "Ones", "config": {}})[0]["module"] == "keras.initializers"
    assert value("anything", {"a": [1]})[0] == {"a": [1]}
    assert value("anything", {"class_name": "L2", "config": None})[0]["config"] == {}


def test_gru_without_reset_after_keeps_the_old_order() -> None:
    readable = sequential(layer("GRU", units=2), version="2.1.2")
    assert config_of(readable)["reset_after"] is False
    assert "reset_after" not in config_of(sequential(layer("GRU", units=2), version="3.8.0"))


def test_a_dropped_argument_that_means_something_stands_against_running() -> None:
    readable = sequential(layer("LSTM", units=2, time_major=True))
    assert names_of_obstacles(readable) == [(ObstacleKind.REMOVED, "LSTM with time_major=True")]


def test_leaky_relu_and_aliases_have_the_names_of_keras_3() -> None:
    assert config_of(sequential(layer("LeakyReLU", alpha=0.5)))["negative_slope"] == 0.5
    assert sequential(layer("Convolution2D")).config["config"]["layers"][-1]["class_name"] == "Conv2D"


def test_layers_of_keras_1_are_named() -> None:
    readable = sequential(layer("Convolution2D", nb_filter=3, nb_row=3, nb_col=3), version=None)
    assert names_of_obstacles(readable) == [(ObstacleKind.REMOVED, "Conv2D of Keras 1")]


def test_vocabulary_is_needed_unless_it_is_in_the_file() -> None:
    assert not sequential(layer("StringLookup", vocabulary=["a"])).obstacles
    assert sequential(layer("StringLookup")).obstacles[0].sentence == ("layer 'l': its vocabulary is not in the file")


def test_application_layers_are_known_by_their_arguments() -> None:
    readable = sequential({"class_name": "Custom>LayerScale", "config": {"name": "s", "projection_dim": 2}})
    assert readable.config["config"]["layers"][-1]["module"] == "keras.src.applications.convnext"
    other = sequential({"class_name": "Custom>LayerScale", "config": {"name": "s"}})
    assert names_of_obstacles(other) == [(ObstacleKind.CUSTOM, "Custom>LayerScale")]


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"config": {}}, ObstacleKind.LAYOUT),
        ({"class_name": "Dense", "config": None}, ObstacleKind.LAYOUT),
        ({"class_name": "Model", "config": {"name": "sub"}}, ObstacleKind.CUSTOM),
        ({"class_name": "Model", "config": {"name": "sub", "layers": []}}, ObstacleKind.LAYOUT),
    ],
)
def test_layouts_that_keras_does_not_write(item: dict[str, Any], kind: ObstacleKind) -> None:
    assert [obstacle.kind for obstacle in sequential(item).obstacles] == [kind]


def test_sequential_without_an_input_layer_gets_one_from_its_first_layer() -> None:
    first = {"class_name": "Dense", "config": {"name": "a/b", "units": 2, "batch_input_shape": [None, 3]}}
    readable = make_readable({"class_name": "Sequential", "config": [first]}, keras_version="2.1.0")
    layers = readable.config["config"]["layers"]
    assert layers[0]["config"] == {"batch_shape": [None, 3], "dtype": None, "name": "a_b_input"}
    assert build_model(readable.config).inputs[0].shape == (None, 3)


def test_slash_that_would_give_a_name_twice_gets_another() -> None:
    names = [
        layer["config"]["name"]
        for layer in sequential(
            {"class_name": "ReLU", "config": {"name": "a/b"}}, {"class_name": "ReLU", "config": {"name": "a_b"}}
        ).config["config"]["layers"]
    ]
    assert names == ["in", "a_b_", "a_b"]


def test_operation_and_layer_of_one_name_are_told_apart_without_a_module() -> None:
    for config, module in (({"name": "x"}, "keras.src.ops.numpy"), ({"name": "x", "dtype": "float32"}, "keras.layers")):
        readable = sequential({"class_name": "Add", "config": config}, version="3.15.1")
        assert readable.config["config"]["layers"][-1]["module"] == module


@pytest.mark.parametrize("nodes", ["x", [1], [[]], [[[]]], [[[1, 2]]], [{"args": 1, "kwargs": {}}]])
def test_calls_that_keras_does_not_write_are_named(nodes: Any) -> None:
    config = {
        "name": "m",
        "layers": [
            {**INPUT, "name": "in", "inbound_nodes": []},
            {**layer("ReLU"), "name": "l", "inbound_nodes": nodes},
        ],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["l", 0, 0]],
    }
    readable = make_readable({"class_name": "Functional", "config": config}, keras_version="2.9.0")
    if nodes != [[]]:  # no call at all, which Keras itself will refuse
        assert readable.obstacles or nodes == [{"args": 1, "kwargs": {}}]


def test_calls_of_keras_2_become_arguments() -> None:
    names = Names({"in": "in", "a/b": "a_b"}, ["a/b"])
    assert calls_of([[["in", 0, 0, {"mask": None, "axis": 1}]]], names) == [Call((TENSOR,), {"axis": 1})]
    assert calls_of([{"x": ["in", 0, 0, {"training": False}]}], names) == [Call(({"x": TENSOR},), {"training": False})]
    assert calls_of([["_CONSTANT_VALUE", -1, 2.0, {"y": ["in", 0, 0]}]], names) == [Call((2.0,), {"y": TENSOR})]
    assert names.history(["a/b", 1, 0]) == ["a_b", 0, 0]


def test_operations_become_those_of_keras_3() -> None:
    item = operation_item("nn.leaky_relu", "r", [Call((TENSOR,), {"alpha": 0.1})])
    assert (item["module"], item["class_name"], item["config"]) == (
        "keras.src.ops.nn",
        "LeakyRelu",
        {"negative_slope": 0.1, "name": "r"},
    )
    item = operation_item("multiply", "m", [Call((), {"x": TENSOR, "y": 2.0})])
    assert item["inbound_nodes"] == [{"args": [TENSOR, 2.0], "kwargs": {}}]
    one = operation_item("__operators__.getitem", "g", [Call((TENSOR,), {"slice_spec": 0})])
    assert one["inbound_nodes"][0]["args"][1] == 0


@pytest.mark.parametrize(
    ("function", "call", "reason"),
    [
        ("image.resize", Call((TENSOR,), {}), "image.resize"),
        ("nn.relu", Call((), {}), "a call without x"),
        ("nn.relu", Call((TENSOR,), {"odd": 1}), "an argument odd"),
        ("reshape", Call((TENSOR,), {"shape": [TENSOR]}), "a shape that is computed"),
        ("__operators__.getitem", Call((TENSOR,), {"slice_spec": [TENSOR]}), "a slice that is computed"),
        ("__operators__.getitem", Call((TENSOR,), {"slice_spec": ["x"]}), "a slice by something else than numbers"),
    ],
)
def test_operations_without_a_counterpart_are_named(function: str, call: Call, reason: str) -> None:
    with pytest.raises(UnknownOperationError, match=reason):
        operation_item(function, "o", [call])


def test_operation_called_in_two_ways_is_named() -> None:
    calls = [Call((TENSOR,), {"axis": axis}) for axis in (1, 2)]
    with pytest.raises(UnknownOperationError, match="called in two ways"):
        operation_item("math.reduce_mean", "o", calls)


def test_unknown_operation_in_a_model_is_an_obstacle() -> None:
    operation = {"class_name": "TFOpLambda", "config": {"name": "o", "function": "image.resize"}, "name": "o"}
    config = {
        "name": "m",
        "layers": [{**INPUT, "name": "in", "inbound_nodes": []}, {**operation, "inbound_nodes": [["in", 0, 0, {}]]}],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["o", 0, 0]],
    }
    readable = make_readable({"class_name": "Functional", "config": config}, keras_version="2.9.0")
    assert names_of_obstacles(readable) == [(ObstacleKind.OPERATION, "tf.image.resize")]


def test_arguments_that_say_nothing_and_that_an_older_keras_3_does_not_take_are_left_out() -> None:
    inventory = take_inventory(recognise(Path(__file__).parents[3] / "reportgen" / "demo" / "model.keras"))
    stored = str(inventory.config)
    assert "input_axes" in stored
    assert "quantization_config" in stored
    readable = str(decide(inventory).config)
    assert "input_axes" not in readable
    assert "quantization_config" not in readable
    assert "GlorotUniform" in readable


def test_arguments_of_tf_keras_that_matter_in_training_alone_are_dropped() -> None:
    for class_name, config in (
        ("RandomFlip", {"rng_type": "stateful", "mode": "horizontal"}),
        ("MultiHeadAttention", {"softmax_robust_masking": False, "num_heads": 2, "key_dim": 3}),
        ("SpatialDropout2D", {"trainable": True, "noise_shape": None, "rate": 0.5}),
    ):
        readable = sequential(layer(class_name, **config))
        assert names_of_obstacles(readable) == []
        assert getattr(keras.layers, class_name).from_config(config_of(readable)).name == "l"


def test_robust_masking_stands_against_running() -> None:
    readable = sequential(layer("MultiHeadAttention", num_heads=2, key_dim=3, softmax_robust_masking=True))
    assert names_of_obstacles(readable) == [
        (ObstacleKind.REMOVED, "MultiHeadAttention with softmax_robust_masking=True")
    ]


@pytest.mark.parametrize("module", [None, "tensorflow_model_optimization.python.core.clustering.keras.cluster_wrapper"])
def test_a_clustering_wrapper_is_named_with_what_to_do_as_its_kernels_lie_elsewhere(module: str | None) -> None:
    wrapper = layer("ClusterWeights", number_of_clusters=4, layer=layer("Dense", units=2))
    readable = sequential(wrapper if module is None else {**wrapper, "module": module})
    (obstacle,) = readable.obstacles
    assert (obstacle.kind.option, obstacle.sentence) == (
        None,
        "layer 'l': ClusterWeights is a clustering wrapper: the stored kernels are those before clustering. Save the model "
        "after strip_clustering()",
    )
    assert names_of_obstacles(sequential({**wrapper, "module": "mine"})) == [
        (ObstacleKind.CUSTOM, "mine.ClusterWeights")
    ]
