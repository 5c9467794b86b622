"""Faults planted in trained networks and their samples, each with the rule that claims to cover it.

A fault counts as found and named when the first finding of the report, the one that a reader acts on, has one of its codes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import networks
import numpy as np
from networks import SAMPLES, Network, Pictures, plain, trained


@dataclass(frozen=True)
class Case:
    """What a report is made of.

    Attributes:
        model: alive.
        samples: (N, *shape).
        labels: (N,) or None.
        options: keyword arguments of `build_report`.
    """

    model: Any
    samples: np.ndarray
    labels: np.ndarray | None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """One planted fault.

    Attributes:
        name: what was done, in a few words.
        codes: rules of which one must come first.
        plant: makes the case of the pictures and the folder of trained networks.
    """

    name: str
    codes: tuple[str, ...]
    plant: Callable[[Pictures, Path], Case]


def _base(pictures: Pictures, cache: Path, name: str = "relu-long") -> Case:
    network = next(each for each in networks.healthy() if each.name == name)
    samples, labels = networks.first_classes(network, pictures)
    return Case(trained(network, pictures, cache), samples, labels, {"scale": "none"})


def _layers(model: Any, kind: str) -> list[Any]:
    return [layer for layer in model.layers if type(layer).__name__ == kind]


def _on_weights(change: Callable[[Any], None], name: str = "relu-long") -> Callable[[Pictures, Path], Case]:
    """Return a planter that changes the weights of a trained network."""

    def plant(pictures: Pictures, cache: Path) -> Case:
        case = _base(pictures, cache, name)
        change(case.model)
        return case

    return plant


def _on_samples(
    change: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray | None]],
    name: str = "relu-long",
    **options: Any,
) -> Callable[[Pictures, Path], Case]:
    """Return a planter that changes samples and labels."""

    def plant(pictures: Pictures, cache: Path) -> Case:
        case = _base(pictures, cache, name)
        samples, labels = change(case.samples, case.labels)  # type: ignore[arg-type]
        return Case(case.model, samples, labels, {**case.options, **options})

    return plant


def _with_kernel(kind: str, place: int, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Any], None]:
    def changed(model: Any) -> None:
        layer = _layers(model, kind)[place]
        kernel, *rest = layer.get_weights()
        layer.set_weights([change(kernel.copy()), *rest])

    return changed


def _redrawn(model: Any, layers: list[Any]) -> None:
    del model
    for seed, layer in enumerate(layers):
        kernel, *rest = layer.get_weights()
        initializer = type(layer.kernel_initializer)(seed=seed + 5)
        layer.set_weights([np.array(initializer(kernel.shape)), *(np.zeros_like(value) for value in rest)])


def _zero_filters(share: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(kernel: np.ndarray) -> np.ndarray:
        kernel[..., : round(share * kernel.shape[-1])] = 0
        return kernel

    return change


def _pruned(model: Any) -> None:
    for layer in [*_layers(model, "Conv2D"), *_layers(model, "Dense")]:
        kernel, *rest = layer.get_weights()
        kernel[np.abs(kernel) < np.quantile(np.abs(kernel), 0.95)] = 0
        layer.set_weights([kernel, *rest])


def _rank_one(kernel: np.ndarray) -> np.ndarray:
    left, values, right = np.linalg.svd(kernel, full_matrices=False)
    return (left[:, :1] * values[:1]) @ right[:1] + 0.01 * kernel


def _times(layer: int, factor: float) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        each = _layers(model, "Dense")[layer]
        each.set_weights([factor * value for value in each.get_weights()])

    return change


def _bias_moved(model: Any) -> None:
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, bias + 4])


def _one_bias_moved(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bias[2] += 8
    return kernel, bias


def _silenced(model: Any) -> None:
    layer = _layers(model, "Conv2D")[1]
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, bias - 20])


def _moments_reset(model: Any) -> None:
    for layer in _layers(model, "BatchNormalization"):
        gamma, beta, mean, variance = layer.get_weights()
        layer.set_weights([gamma, beta, np.zeros_like(mean), np.ones_like(variance)])


def _copied(kernel: np.ndarray) -> np.ndarray:
    half = kernel.shape[-1] // 2
    kernel[..., half:] = kernel[..., :half]
    return kernel


def _one_nan(kernel: np.ndarray) -> np.ndarray:
    kernel.flat[0] = np.nan
    return kernel


def _frozen(pictures: Pictures, cache: Path) -> Case:
    def build() -> Any:
        model = plain("relu")
        _layers(model, "Conv2D")[1].trainable = False
        return model

    network = Network("fault-frozen", build)
    return Case(trained(network, pictures, cache), *networks.first_classes(network, pictures), {"scale": "none"})


def _trained_on(
    name: str, change: Callable[[np.ndarray], np.ndarray], **options: Any
) -> Callable[[Pictures, Path], Case]:
    """Return a planter whose network was trained on other labels, which are tested on the right ones."""

    def plant(pictures: Pictures, cache: Path) -> Case:
        network = Network(f"fault-{name}", lambda: plain("relu"), labels=change, **options)
        model = trained(network, pictures, cache)
        return Case(model, pictures.x_test[:SAMPLES], pictures.y_test[:SAMPLES], {"scale": "none"})

    return plant


def _random_labels(labels: np.ndarray) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 10, len(labels))


def _without_class(pictures: Pictures, cache: Path) -> Case:
    kept = pictures.y_train != 6
    fewer = Pictures(pictures.x_train[kept], pictures.y_train[kept], pictures.x_test, pictures.y_test)
    network = Network("fault-without-6", lambda: plain("relu"))
    return Case(trained(network, fewer, cache), pictures.x_test[:SAMPLES], pictures.y_test[:SAMPLES], {"scale": "none"})


def _raw_bytes(normalised: str, *, labelled: bool, symmetric: bool = False) -> Callable[[Pictures, Path], Case]:
    """Return a planter whose network was trained on bytes, or on -1 to 1, and whose samples the program scales by itself."""

    def plant(pictures: Pictures, cache: Path) -> Case:
        network = Network(
            f"fault-{'symmetric' if symmetric else 'bytes'}-{normalised or 'plain'}",
            lambda: plain("relu", normalised=normalised),
            epochs=12 if symmetric else 4,
            inputs=lambda values: 2 * values - 1 if symmetric else values * 255,
        )
        stored = (pictures.x_test[:SAMPLES] * 255).round().astype(np.uint8)
        return Case(trained(network, pictures, cache), stored, pictures.y_test[:SAMPLES] if labelled else None)

    return plant


def _faint_pattern(pictures: Pictures, cache: Path) -> Case:
    """Return a network whose classes are told by a pattern of pixels of 2 % of the range, which nobody sees."""
    patterns = np.random.default_rng(8).choice(np.array([-0.02, 0.02], np.float32), (10, 28, 28, 1))
    told = Pictures(
        np.clip(pictures.x_train + patterns[pictures.y_train], 0, 1),
        pictures.y_train,
        np.clip(pictures.x_test + patterns[pictures.y_test], 0, 1),
        pictures.y_test,
    )

    def build() -> Any:
        import keras
        from keras import layers

        steps = [layers.Conv2D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(10, activation="softmax")]
        return keras.Sequential([keras.Input((28, 28, 1)), *steps])

    network = Network("fault-faint-pattern", build, images=20_000, epochs=6)
    model = trained(network, told, cache)
    return Case(model, told.x_test[:SAMPLES], told.y_test[:SAMPLES], {"scale": "none"})


def _doubled(samples: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    half = len(samples) // 2
    return np.concatenate([samples[:half]] * 2), np.concatenate([labels[:half]] * 2)


def _through_jpeg(samples: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from reportgen.measures.corruptions import corruptions

    jpeg = next(one for one in corruptions(1) if one.kind == "jpeg")
    half = len(samples) // 2
    return np.concatenate([samples[:half], jpeg.of(samples[:half], (0, 1), seed=0)]), np.tile(labels[:half], 2)


def _contradicting(samples: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([samples, samples[:5]]), np.concatenate([labels, (labels[:5] + 1) % 10])


def _blanked(samples: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    blanked = samples.copy()
    blanked[::25] = 0
    return blanked, labels


def _tagged(name: str, tag: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Pictures, Path], Case]:
    """Return a planter whose pictures have a mark that tells the class by four bits, in training and in the test."""

    def plant(pictures: Pictures, cache: Path) -> Case:
        bits = ((pictures.y_train[:, None] >> np.arange(4)) & 1, (pictures.y_test[:, None] >> np.arange(4)) & 1)
        marked = [tag(each.copy(), on) for each, on in zip((pictures.x_train, pictures.x_test), bits, strict=True)]
        told = Pictures(marked[0], pictures.y_train, marked[1], pictures.y_test)
        model = trained(Network(f"fault-{name}", lambda: plain("relu")), told, cache)
        return Case(model, told.x_test[:SAMPLES], told.y_test[:SAMPLES], {"scale": "none"})

    return plant


def _corner_tag(pictures: np.ndarray, bits: np.ndarray) -> np.ndarray:
    for place, (row, column) in enumerate(((1, 1), (1, 3), (3, 1), (3, 3))):
        pictures[:, row : row + 2, column : column + 2, 0] = bits[:, place, None, None]
    return pictures


def _frame(pictures: np.ndarray, bits: np.ndarray) -> np.ndarray:
    sides = ((slice(0, 2), slice(None)), (slice(26, 28), slice(None)), (slice(None), slice(0, 2)))
    for place, (rows, columns) in enumerate((*sides, (slice(None), slice(26, 28)))):
        pictures[:, rows, columns, 0] = np.maximum(pictures[:, rows, columns, 0], bits[:, place, None, None])
    return pictures


def _reversed_colours(pictures: Pictures, cache: Path) -> Case:
    case = _base(pictures, cache, "grouped")
    return Case(case.model, case.samples[..., ::-1].copy(), case.labels, case.options)


def _dropout_left_on(pictures: Pictures, cache: Path) -> Case:
    import keras
    from keras import layers

    case = _base(pictures, cache)

    class LeftOn(layers.Dropout):
        def call(self, inputs: Any, **_: Any) -> Any:
            return super().call(inputs, training=True)

    *_, hidden, head = case.model.layers
    return Case(
        keras.Model(case.model.inputs, head(LeftOn(0.4)(hidden.output))), case.samples, case.labels, case.options
    )


def _swapped(first: int, second: int) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    def change(samples: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wrong = labels.copy()
        wrong[labels == first], wrong[labels == second] = second, first
        return samples, wrong

    return change


def _noisy(pictures: Pictures, cache: Path) -> Case:
    """Return over-confident answers: the logits of a network times ten."""
    case = _base(pictures, cache)
    _times(1, 10.0)(case.model)
    return case


def _claimed(change: Callable[[Any], None]) -> Callable[[Pictures, Path], Case]:
    """Return a planter of a fault under the claim that the network is as good as before it, on all test pictures."""

    def plant(pictures: Pictures, cache: Path) -> Case:
        case = _base(pictures, cache)
        answers = case.model.predict(pictures.x_test, verbose=0).argmax(axis=1)
        claim = f"accuracy={(answers == pictures.y_test).mean():.4f}"
        change(case.model)
        options = {**case.options, "expect": claim, "max_evaluated": len(pictures.y_test)}
        return Case(case.model, pictures.x_test, pictures.y_test, options)

    return plant


def _permuted_channels(model: Any) -> None:
    _with_kernel("Conv2D", 1, lambda kernel: kernel[:, :, np.random.default_rng(0).permutation(kernel.shape[2])])(model)


def _without_biases(model: Any) -> None:
    for layer in [*_layers(model, "Conv2D"), *_layers(model, "Dense")]:
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, np.zeros_like(bias)])


def _redrawn_last(count: int) -> Callable[[Any], None]:
    """Return what draws anew the last layers that have weights."""
    return lambda model: _redrawn(model, [layer for layer in model.layers if layer.weights][-count:])


def _head(change: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]) -> Callable[[Any], None]:
    """Return what changes kernel and bias of the last layer that has weights."""

    def changed(model: Any) -> None:
        head = [layer for layer in model.layers if layer.weights][-1]
        head.set_weights([*change(*head.get_weights())])

    return changed


def _dead_output(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kernel[..., 2] = 0
    return kernel, bias


def _never_trousers(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bias[2] -= 50
    return kernel, bias


def _exchanged_masks(samples: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exchange tops with shoes in the labels."""
    return samples, np.array([0, 3, 2, 1, 4])[labels]


def _next_labels(samples: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each sample the label of the one before."""
    return samples, np.roll(labels, 1, axis=0)


def _claimed_of_outputs(name: str, claim: str, change: Callable[[Any], None]) -> Callable[[Pictures, Path], Case]:
    """Return a planter of a fault in a network of which a number is claimed that it had before."""

    def plant(pictures: Pictures, cache: Path) -> Case:
        case = _base(pictures, cache, name)
        change(case.model)
        return Case(case.model, case.samples, case.labels, {**case.options, "expect": claim})

    return plant


def _of_outputs() -> tuple[Fault, ...]:
    """Return the faults of networks whose output is a mask, an image or several numbers."""
    masks, means = ("no-better-than-majority", "constant-prediction"), ("no-better-than-mean", "constant-output")
    zero = _head(lambda kernel, bias: (0 * kernel, bias))
    weaker = _head(lambda kernel, bias: (0.45 * kernel, 0.45 * bias))
    redrawn: tuple[str, ...] = ("untrained-layer",)
    found: list[Fault] = []
    # where a head has few weights, a fresh draw of it alone may do as well
    for name, codes, last in (
        ("masks", masks, 1),
        ("masks-binary", masks, 2),
        ("masks-rare", masks, 2),
        ("autoencoder", means, 1),
        ("autoencoder-narrow", means, 2),
        ("several-numbers", means, 1),
    ):
        broken = ("constant-kernel", "constant-output", *codes)
        found += [
            Fault(
                f"{name}: {'head' if last == 1 else 'last two layers'} drawn anew",
                (*redrawn, *codes, "permuted-labels"),
                _on_weights(_redrawn_last(last), name),
            ),
            Fault(f"{name}: head set to zero", broken, _on_weights(zero, name)),
            Fault(f"{name}: labels of the sample before", codes, _on_samples(_next_labels, name)),
        ]
    worse = ("no-better-than-input",)
    return (
        *found,
        Fault("masks: two classes exchanged", ("permuted-labels",), _on_samples(_exchanged_masks, "masks")),
        Fault("masks-binary: inverted", ("permuted-labels",), _on_samples(lambda x, y: (x, ~y), "masks-binary")),
        Fault(
            "masks: a class never predicted", ("class-never-predicted",), _on_weights(_head(_never_trousers), "masks")
        ),
        Fault(
            "several-numbers: one output dead",
            ("constant-output", "no-better-than-mean", "weak-filters"),
            _on_weights(_head(_dead_output), "several-numbers"),
        ),
        Fault(
            "several-numbers: the order of the outputs exchanged",
            ("no-better-than-mean",),
            _on_samples(lambda x, y: (x, y[:, ::-1]), "several-numbers"),
        ),
        Fault("denoiser: 55 % of the output missing", worse, _on_weights(weaker, "denoiser")),
        Fault("denoiser: head drawn anew", (*redrawn, *worse, *means), _on_weights(_redrawn_last(1), "denoiser")),
        Fault(
            "masks-binary: a bias moved, overlap claimed",
            ("below-expectation",),
            _claimed_of_outputs("masks-binary", "miou=0.97", _head(lambda kernel, bias: (kernel, bias + 3))),
        ),
        Fault(
            "autoencoder: a darker output, similarity claimed",
            ("below-expectation",),
            _claimed_of_outputs("autoencoder", "ssim=0.8", _head(lambda kernel, bias: (kernel, bias - 1))),
        ),
        Fault(
            "several-numbers: a bias moved, error claimed",
            ("below-expectation",),
            _claimed_of_outputs("several-numbers", "mae:0=0.4", _head(lambda kernel, bias: (kernel, bias + 1))),
        ),
    )


def faults() -> tuple[Fault, ...]:
    """Return the faults that a rule claims to cover, in the order of the table."""
    scaling = ("other-preprocessing", "unscaled-input", "input-range")
    guessing = ("no-better-than-majority", "permuted-labels", "constant-prediction")
    return (
        Fault(
            "second convolution drawn anew",
            ("untrained-layer",),
            _on_weights(lambda model: _redrawn(model, _layers(model, "Conv2D")[1:2])),
        ),
        Fault("second convolution frozen in training", ("untrained-layer",), _frozen),
        Fault(
            "head drawn anew",
            ("untrained-layer", "no-better-than-majority"),
            _on_weights(lambda model: _redrawn(model, _layers(model, "Dense")[1:2])),
        ),
        Fault(
            "nothing loaded",
            ("untrained-layer",),
            _on_weights(lambda model: _redrawn(model, [*_layers(model, "Conv2D"), *_layers(model, "Dense")])),
        ),
        Fault("labels moved by one", ("permuted-labels",), _on_samples(lambda x, y: (x, (y + 1) % 10))),
        Fault("labels 0 and 5 swapped", ("permuted-labels",), _on_samples(_swapped(0, 5))),
        Fault(
            "labels 2 and 8 swapped, lesser network", ("permuted-labels",), _on_samples(_swapped(2, 8), "relu-short")
        ),
        Fault("bytes to a network of 0 to 1", scaling, _on_samples(lambda x, y: (x * 255, y))),
        Fault("divided by 255 twice", scaling, _on_samples(lambda x, y: (x / 255, y))),
        Fault("colours reversed", scaling, _reversed_colours),
        Fault("height and width transposed", scaling, _on_samples(lambda x, y: (x.transpose(0, 2, 1, 3).copy(), y))),
        Fault("trained on bytes, normalised, no labels", scaling, _raw_bytes("batch", labelled=False)),
        Fault("trained on bytes, normalised, labels", scaling, _raw_bytes("batch", labelled=True)),
        Fault(
            "trained on -1 to 1, normalised, no labels", scaling, _raw_bytes("batch", labelled=False, symmetric=True)
        ),
        Fault("trained on bytes, labels", scaling, _raw_bytes("", labelled=True)),
        Fault("bias of a convolution minus 20", ("silent-channels",), _on_weights(_silenced)),
        Fault(
            "60 % of the filters zero", ("weak-filters",), _on_weights(_with_kernel("Conv2D", 1, _zero_filters(0.6)))
        ),
        Fault(
            "95 % of the filters zero", ("weak-filters",), _on_weights(_with_kernel("Conv2D", 1, _zero_filters(0.95)))
        ),
        Fault("half of the filters copied", ("duplicate-filters",), _on_weights(_with_kernel("Conv2D", 1, _copied))),
        Fault(
            "one weight NaN",
            ("non-finite-weights", "non-finite-output"),
            _on_weights(_with_kernel("Conv2D", 1, _one_nan)),
        ),
        Fault(
            "moments of batch normalisations reset",
            ("never-updated-statistics", "drifted-statistics"),
            _on_weights(_moments_reset, "relu-batch-long"),
        ),
        Fault(
            "a convolution times 100",
            ("exploded-norm",),
            _on_weights(_with_kernel("Conv2D", 1, lambda kernel: 100 * kernel)),
        ),
        Fault("a dense layer of rank one", ("collapsed-rank",), _on_weights(_with_kernel("Dense", 0, _rank_one))),
        Fault(
            "head set to zero",
            ("constant-kernel", "constant-output", "constant-prediction", "no-better-than-majority"),
            _on_weights(_with_kernel("Dense", 1, lambda kernel: 0 * kernel)),
        ),
        Fault("logits times ten", ("miscalibration", "confidently-wrong"), _noisy),
        Fault("logits over eight", ("miscalibration",), _on_weights(_times(1, 1 / 8))),
        Fault("two classes, the bias moved", ("wrong-threshold",), _on_weights(_bias_moved, "binary")),
        Fault(
            "several labels, one bias moved",
            ("wrong-threshold",),
            _on_weights(_head(_one_bias_moved), "several-labels"),
        ),
        Fault(
            "several labels, those of the sample before",
            ("no-better-than-majority",),
            _on_samples(_next_labels, "several-labels"),
        ),
        Fault(
            "several labels, head drawn anew",
            ("untrained-layer", "no-better-than-majority"),
            _on_weights(_redrawn_last(1), "several-labels"),
        ),
        Fault("trained on random labels", guessing, _trained_on("random", _random_labels)),
        Fault("a class never trained", ("class-never-predicted",), _without_class),
        Fault(
            "pictures shuffled against labels",
            guessing,
            _on_samples(lambda x, y: (x[np.random.default_rng(0).permutation(len(x))], y)),
        ),
        Fault(
            "random test labels",
            guessing,
            _on_samples(lambda x, y: (x, np.random.default_rng(1).integers(0, 10, len(y)))),
        ),
        Fault("half of the set identical", ("duplicate-samples",), _on_samples(_doubled)),
        Fault("copies through JPEG", ("duplicate-samples",), _on_samples(_through_jpeg)),
        Fault("the same samples with other labels", ("conflicting-labels",), _on_samples(_contradicting)),
        Fault("20 blank images", ("blank-samples",), _on_samples(_blanked)),
        Fault("a mark in a corner tells the class", ("answer-in-one-place",), _tagged("corner", _corner_tag)),
        Fault("a frame tells the class", ("answer-in-the-border",), _tagged("frame", _frame)),
        Fault("answers told by a faint pattern", ("fragile-to-small-changes",), _faint_pattern),
        Fault("dropout left on", ("non-deterministic-output",), _dropout_left_on),
        Fault("channels permuted, accuracy claimed", ("below-expectation",), _claimed(_permuted_channels)),
        Fault("pruned to 5 %, accuracy claimed", ("below-expectation", "weak-filters"), _claimed(_pruned)),
        Fault("biases lost, accuracy claimed", ("below-expectation",), _claimed(_without_biases)),
        *_of_outputs(),
    )
