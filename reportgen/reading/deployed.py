"""Models as they are deployed, for TensorFlow Lite and ONNX: run by their own runtime, which gives their answers alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
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

Run = Callable[[np.ndarray], list[np.ndarray]]


@dataclass(frozen=True)
class DeployedModel:
    """A deployed model as something that can be called like a model, of which only the outputs are known.

    Attributes:
        name: the file's name.
        input_shape: one sample's sizes as the runtime takes it; None for a size that is free.
        output_shapes: sizes of one prediction of each output, by its name.
        channels_first: whether samples, whose channels are last, are turned for it.
        run: gives the outputs of a batch.
        built: always, as a `keras.Model` says it.
    """

    name: str
    input_shape: tuple[int | None, ...]
    output_shapes: dict[str, tuple[int | None, ...]]
    run: Run
    channels_first: bool = False
    built: bool = True

    def __call__(self, inputs: Any, **_: Any) -> list[np.ndarray]:
        """Return the outputs for a batch (n, *shape), in order.

        Args:
            inputs: the samples as a Keras model receives them.
            _: what else a `keras.Model` takes.

        Raises:
            ForwardError: the runtime fails.
        """
        values = np.asarray(inputs, np.float32)
        if self.channels_first:
            values = np.moveaxis(values, -1, 1)
        try:
            return self.run(values)
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
        ModelError: its runtime is not installed, it cannot be read or run, is too large, or has several inputs.
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
    for shape in (model.input_shape, *model.output_shapes.values()):
        size = 4 * math.prod(axis or _DEFAULT_SIDE for axis in shape)
        if size > memory_limit:
            raise ModelError(limits.over_memory(file.name, size, " for one sample", limit=memory_limit))
    return model


def _one_input(name: str, inputs: list[Any]) -> Any:
    if len(inputs) != 1:
        raise ModelError(
            f"{name} must have one input. Received: {len(inputs)}. Only models with one input are run by their runtime."
        )
    return inputs[0]


def _tflite(runtime: Any, content: bytes, name: str) -> DeployedModel:
    interpreter = runtime.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    given, outputs = _one_input(name, interpreter.get_input_details()), interpreter.get_output_details()
    at_once: list[int] = []

    def of_batch(values: np.ndarray) -> list[np.ndarray]:
        if at_once != [len(values)]:
            interpreter.resize_tensor_input(given["index"], list(values.shape))
            interpreter.allocate_tensors()
            at_once[:] = [len(values)]
        interpreter.set_tensor(given["index"], _quantised(values, given))
        interpreter.invoke()
        return [_dequantised(interpreter.get_tensor(one["index"]), one) for one in outputs]

    def run(values: np.ndarray) -> list[np.ndarray]:
        try:
            found = of_batch(values)
            if all(len(each) == len(values) for each in found):
                return found
        except (RuntimeError, ValueError):
            if len(values) == 1:
                raise
        each = [of_batch(values[place : place + 1]) for place in range(len(values))]  # a graph for one sample at a time
        return [np.concatenate(parts) for parts in zip(*each, strict=True)]

    return DeployedModel(
        name=name,
        input_shape=_free(given["shape_signature"])[1:],
        output_shapes={shown(str(one["name"])): _free(one["shape_signature"])[1:] for one in outputs},
        run=run,
    )


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
    given, outputs = _one_input(name, session.get_inputs()), session.get_outputs()
    kind = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}.get(given.type)
    whole = {"tensor(uint8)": np.uint8, "tensor(int8)": np.int8, "tensor(int32)": np.int32, "tensor(int64)": np.int64}
    fixed = isinstance(given.shape[0], int) and given.shape[0] == 1

    def run(values: np.ndarray) -> list[np.ndarray]:
        made = values.astype(kind) if kind is not None else np.rint(values).astype(whole[given.type])
        parts = [made[place : place + 1] for place in range(len(made))] if fixed else [made]
        each = [session.run(None, {given.name: part}) for part in parts]
        return [np.concatenate(outputs).astype(np.float32) for outputs in zip(*each, strict=True)]

    def sizes(shape: Any) -> tuple[int | None, ...]:
        return tuple(size if isinstance(size, int) and size > 0 else None for size in shape[1:])

    return DeployedModel(
        name=name,
        input_shape=sizes(given.shape),
        output_shapes={shown(str(one.name)): sizes(one.shape) for one in outputs},
        run=run,
    )
