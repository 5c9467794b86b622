"""Models as they are deployed, for TensorFlow Lite and ONNX: run by their own runtime, which gives their answers alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import ForwardError, ModelError
from reportgen.reading.containers import Contents, ModelFile, ModelFormat
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import reason_of, shown

_ONNX_VERSIONS = range(3, 32)  # ir_version, field 1 of the protocol buffer
_DEFAULT_SIDE = 1  # of an axis whose size the file leaves open


class _Deployed(ModelFormat):
    """A format of which only answers are read."""

    package: str
    extra: str

    def open(self, file: ModelFile, *, memory_limit: int, verify: bool = False) -> AbstractContextManager[Contents]:
        """Raise ModelError: its weights are not read."""
        raise ModelError(
            f"{file.name} can only be compared with a Keras model. Received: {self.label}. Save the model."
        )


class TfLite(_Deployed):
    """TensorFlow Lite's flat buffers."""

    label, package, extra = "TensorFlow Lite model", "ai_edge_litert.interpreter", "ai-edge-litert"

    def match(self, path: Path, head: bytes) -> tuple[Path, tuple[Path, ...]] | None:
        """Return the file where its identifier is TensorFlow Lite's."""
        return (path, ()) if head[4:8] == b"TFL3" else None


class Onnx(_Deployed):
    """ONNX's protocol buffers."""

    label, package, extra = "ONNX model", "onnxruntime", "onnxruntime"

    def match(self, path: Path, head: bytes) -> tuple[Path, tuple[Path, ...]] | None:
        """Return the file where it begins with a version of ONNX's representation."""
        return (path, ()) if head[:1] == b"\x08" and len(head) > 1 and head[1] in _ONNX_VERSIONS else None


DEPLOYED: tuple[ModelFormat, ...] = (TfLite(), Onnx())
"""The formats of deployed models."""

Shape = tuple[int | None, ...]
Run = Callable[[Mapping[str, np.ndarray]], list[np.ndarray]]


class RuntimeModel:
    """A model that is no Keras model and is called like one. Several inputs are given in a dictionary by name.

    Attributes:
        input_shapes: one sample's sizes of each input, by its name; None for a size that is free.
    """

    input_shapes: Mapping[str, Shape]


@dataclass(frozen=True)
class DeployedModel(RuntimeModel):
    """A deployed model as something that can be called like a model, of which only the outputs are known.

    Attributes:
        name: the file's name.
        input_shapes: one sample's sizes of each input, as samples are given, by its name; None for a size that is free.
        output_shapes: sizes of one prediction of each output, by its name.
        channels_first: inputs whose channels, which samples have last, are turned for it.
        called: what the runtime calls each input that samples know by another name.
        run: gives the outputs of a batch.
        built: always, as a `keras.Model` says it.
    """

    name: str
    input_shapes: Mapping[str, Shape]
    output_shapes: Mapping[str, Shape]
    run: Run
    channels_first: frozenset[str] = frozenset()
    called: Mapping[str, str] = field(default_factory=dict)
    built: bool = True

    def __call__(self, inputs: Any, **_: Any) -> list[np.ndarray]:
        """Return the outputs for a batch (n, *shape), in order.

        Args:
            inputs: the samples as a Keras model receives them; a dictionary by name for several inputs.
            _: what else a `keras.Model` takes.

        Raises:
            ForwardError: the runtime fails.
        """
        given = inputs if isinstance(inputs, Mapping) else {next(iter(self.input_shapes)): inputs}
        batch = {}
        for name, values in given.items():
            array = np.asarray(values, np.float32)
            batch[self.called.get(name, name)] = np.moveaxis(array, -1, 1) if name in self.channels_first else array
        try:
            return self.run(batch)
        except Exception as error:
            # what the runtimes raise has no common base
            raise ForwardError(f"{self.name}: {reason_of(error, limit=160)}") from error


def is_deployed(file: ModelFile) -> bool:
    """Return whether a recognised file is a deployed model."""
    return isinstance(file.format, _Deployed)


def open_deployed(file: ModelFile, *, memory_limit: int) -> DeployedModel:
    """Return a deployed model, ready to be run. Nothing but the file itself is read.

    Args:
        file: as recognised.
        memory_limit: bytes that the file, and its input and outputs for one sample, may take.

    Raises:
        ModelError: its runtime is not installed, it cannot be read or run, is too large, or has no inputs.
    """
    format_ = file.format
    assert isinstance(format_, _Deployed)
    if file.size > memory_limit:
        raise ModelError(limits.over_memory(file.name, file.size, "", limit=memory_limit))
    try:
        runtime = import_module(format_.package)
    except ImportError as error:
        raise ModelError(
            f"{shown(file.name)} is run by another package. Received: no {format_.extra}. "
            f"Install it: pip install 'cnn-reportgen[{format_.extra}]'."
        ) from error
    opened = _tflite if isinstance(format_, TfLite) else _onnx
    try:
        model = opened(runtime, file.path.read_bytes(), shown(file.name))
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"{shown(file.name)} cannot be run. Received: {reason_of(error, limit=160)}. Convert the model again."
        ) from error
    if not model.input_shapes:
        raise ModelError(f"{shown(file.name)} must have an input. Received: none. Convert the model again.")
    for shape in (*model.input_shapes.values(), *model.output_shapes.values()):
        size = 4 * math.prod(axis or _DEFAULT_SIDE for axis in shape)
        if size > memory_limit:
            raise ModelError(limits.over_memory(file.name, size, " for one sample", limit=memory_limit))
    return model


def _tflite(runtime: Any, content: bytes, name: str) -> DeployedModel:
    interpreter = runtime.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    inputs = {str(one["name"]): one for one in interpreter.get_input_details()}
    outputs = interpreter.get_output_details()
    at_once: list[int] = []

    def of_batch(batch: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        count = len(next(iter(batch.values())))
        if at_once != [count]:
            for given, values in batch.items():
                interpreter.resize_tensor_input(inputs[given]["index"], list(values.shape))
            interpreter.allocate_tensors()
            at_once[:] = [count]
        for given, values in batch.items():
            interpreter.set_tensor(inputs[given]["index"], _quantised(values, inputs[given]))
        interpreter.invoke()
        return [_dequantised(interpreter.get_tensor(one["index"]), one) for one in outputs]

    def run(batch: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        count = len(next(iter(batch.values())))
        try:
            found = of_batch(batch)
            if all(len(each) == count for each in found):
                return found
        except (RuntimeError, ValueError):
            if count == 1:
                raise
        return _joined(of_batch(one) for one in _one_by_one(batch))  # a graph for one sample at a time

    return DeployedModel(
        name=name,
        input_shapes={given: _free(one["shape_signature"])[1:] for given, one in inputs.items()},
        output_shapes={shown(str(one["name"])): _free(one["shape_signature"])[1:] for one in outputs},
        run=run,
    )


def _one_by_one(batch: Mapping[str, np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    for place in range(len(next(iter(batch.values())))):
        yield {name: values[place : place + 1] for name, values in batch.items()}


def _joined(parts: Iterable[list[np.ndarray]]) -> list[np.ndarray]:
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def _free(shape: Any) -> tuple[int | None, ...]:
    return tuple(int(size) if int(size) > 0 else None for size in shape)


def _quantised(values: np.ndarray, tensor: Any) -> np.ndarray:
    """Return values as the tensor holds them.

    Source: real = scale * (stored - zero point), https://ai.google.dev/edge/litert/models/quantization_spec
    """
    kind, (scale, zero) = np.dtype(tensor["dtype"]), tensor["quantization"]
    if kind.kind == "f" or not scale:
        return values.astype(kind)
    ends = np.iinfo(kind)
    return np.asarray(np.clip(np.rint(values / scale + zero), ends.min, ends.max).astype(kind))


def _dequantised(stored: np.ndarray, tensor: Any) -> np.ndarray:
    scale, zero = tensor["quantization"]
    if stored.dtype.kind == "f" or not scale:
        return stored.astype(np.float32)
    return np.asarray((stored.astype(np.float32) - zero) * scale, np.float32)


def _onnx(runtime: Any, content: bytes, name: str) -> DeployedModel:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # from bytes: weights that lie in other files, wherever their path leads, are not read
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    inputs, outputs = {one.name: one for one in session.get_inputs()}, session.get_outputs()
    fixed = any(one.shape[:1] == [1] for one in inputs.values())

    def run(batch: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        made = {given: _typed(values, inputs[given].type) for given, values in batch.items()}
        found = _joined(session.run(None, part) for part in (_one_by_one(made) if fixed else [made]))
        return [each.astype(np.float32) for each in found]

    def sizes(shape: Any) -> tuple[int | None, ...]:
        return tuple(size if isinstance(size, int) and size > 0 else None for size in shape[1:])

    return DeployedModel(
        name=name,
        input_shapes={given: sizes(one.shape) for given, one in inputs.items()},
        output_shapes={shown(str(one.name)): sizes(one.shape) for one in outputs},
        run=run,
    )


_ONNX_NUMBERS = {"float": "float32", "double": "float64"}  # others are called as numpy calls them


def _typed(values: np.ndarray, kind: str) -> np.ndarray:
    """Return values as an input takes them, such as 'tensor(float)'."""
    word = kind.removeprefix("tensor(").removesuffix(")")
    wanted = np.dtype(_ONNX_NUMBERS.get(word, word))
    return (values if wanted.kind == "f" else np.rint(values)).astype(wanted)
