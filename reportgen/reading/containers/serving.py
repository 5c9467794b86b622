"""The signature of a SavedModel that gives predictions, and whether its graph does nothing but compute.

Read without TensorFlow. Of the graph only what the signature's outputs depend on is ever run, and neither the
SavedModel's loader nor its initialisers.
Sources: tensorflow/core/protobuf/meta_graph.proto, tensorflow/core/framework/{graph,function,node_def,attr_value}.proto.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.errors import ModelError
from reportgen.messages import first_of, say
from reportgen.reading.containers.protobuf import WireError, fields, messages, signed, text
from reportgen.reading.containers.saved_model import PROGRAM, VARIABLES, read_program
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import shown

_NAMES = """
Abs Acos Acosh Add AddN AddV2 All Angle Any ApproximateEqual ArgMax ArgMin Asin Asinh AssignVariableOp Atan Atan2
Atanh AvgPool AvgPool3D BatchMatMul BatchMatMulV2 BatchMatMulV3 BatchToSpace BatchToSpaceND BiasAdd Bincount Bitcast
BitwiseAnd BitwiseOr BitwiseXor BroadcastArgs BroadcastTo Bucketize Case Cast Ceil CheckNumerics ClipByValue Complex
ComplexAbs Concat ConcatOffset ConcatV2 Conj Const Conv Conv2D Conv2DBackpropInput Conv2DBackpropInputV2 Conv3D
Conv3DBackpropInputV2 Cos Cosh CropAndResize Cross Cumprod Cumsum DataFormatDimMap DataFormatVecPermute
DenseBincount DepthToSpace DepthwiseConv2dNative DepthwiseConv2dNativeBackpropInput Dequantize Diag DiagPart
Dilation2D DisableCopyOnRead Div DivNoNan DynamicPartition DynamicStitch Einsum Elu Empty EmptyTensorList
EnsureShape Equal Erf Erfc Erfinv Exp ExpandDims Expm1 ExtractImagePatches FakeQuantWithMinMaxArgs
FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel Fill Floor FloorDiv FloorMod FusedBatchNorm
FusedBatchNormV2 FusedBatchNormV3 Gather GatherNd GatherV2 Greater GreaterEqual HSVToRGB Identity IdentityN If
Igamma Imag ImageProjectiveTransformV2 ImageProjectiveTransformV3 InTopK InTopKV2 InvertPermutation IsFinite IsInf
IsNan L2Loss LRN LeakyRelu LeftShift Less LessEqual Lgamma LinSpace Log Log1p LogSoftmax LogicalAnd LogicalNot
LogicalOr LoopCond MatMul MatrixBandPart MatrixDiag MatrixDiagV3 Max MaxPool MaxPool3D MaxPoolV2
MaxPoolWithArgmax Maximum Mean Merge Min Minimum MirrorPad Mod Mul MulNoNan Neg NextAfter NoOp NonMaxSuppressionV3
NotEqual OneHot OnesLike Pack Pad PadV2 ParallelDynamicStitch PartitionedCall Placeholder PlaceholderWithDefault
Polygamma Pow PreventGradient Prod QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 RGBToHSV
Range Rank ReadVariableOp Real RealDiv Reciprocal Relu Relu6 Reshape ResizeArea ResizeBicubic ResizeBilinear
ResizeNearestNeighbor ResourceGather ResourceGatherNd Reverse ReverseSequence ReverseV2 RightShift Rint Roll Round
Rsqrt ScaleAndTranslate ScatterNd SegmentMax SegmentMean SegmentSum Select SelectV2 Selu Shape ShapeN Sigmoid Sign
Sin Sinh Size Slice Snapshot Softmax Softplus Softsign SpaceToBatch SpaceToBatchND SpaceToDepth Split SplitV Sqrt
Square SquaredDifference Squeeze StatefulPartitionedCall StatelessCase StatelessIf StatelessRandomGetAlg
StatelessRandomGetKeyCounter StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform
StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2 StatelessRandomUniformInt StatelessRandomUniformIntV2
StatelessRandomUniformV2 StatelessTruncatedNormal StatelessTruncatedNormalV2 StatelessWhile StopGradient
StridedSlice Sub Sum Switch Tan Tanh TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather
TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack TensorListReserve TensorListResize
TensorListSetItem TensorListStack TensorScatterAdd TensorScatterUpdate Tile TopK TopKV2 Transpose TruncateDiv
TruncateMod Unique UniqueV2 Unpack UnsortedSegmentMax UnsortedSegmentSum VarHandleOp VariableShape Where While Xdivy
Xlog1py Xlogy ZerosLike
"""

PURE_OPERATIONS = frozenset(_NAMES.split())
"""Names of operations, by which a node of a graph says what it does. Assigning changes a variable of the session alone."""


DEFAULT = "serving_default"
_INTERNAL = "__saved_model"
_TAG = "serve"
_META_GRAPHS, _GRAPH, _SIGNATURES = 2, 2, 5
# Numbers of tensorflow/core/framework/types.proto
_NUMBERS = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 9: "int64", 14: "bfloat16", 19: "float16",
}  # fmt: skip
_MOST_CALLS = 1_000_000  # of operations, those in a function for each of its calls
_LISTED = 3


@dataclass(frozen=True)
class Port:
    """An input or output of a signature.

    Attributes:
        name: what the signature calls it.
        tensor: what the graph calls it, such as 'serving_default_image:0'.
        dtype: the values' type, such as 'float32'.
        shape: one sample's shape, None for a free size.
    """

    name: str
    tensor: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Serving:
    """A signature that can be run.

    Attributes:
        folder: the SavedModel's folder.
        signature: its name.
        inputs: its inputs, at least one, in the order of their names.
        outputs: its outputs, at least one, in the order of their names.
        nodes: the graph's nodes that the outputs depend on.
        functions: the functions that these call.
        operations: what they do, each once, in alphabetical order.
    """

    folder: Path
    signature: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    nodes: frozenset[str]
    functions: frozenset[str]
    operations: tuple[str, ...]

    @property
    def variables(self) -> Path:
        """Path of the checkpoint with the variables' values, without '.index'."""
        return self.folder / VARIABLES


class _UnfitError(Exception):
    """Why a signature is not run."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class _Body:
    """Nodes of a graph or function: operation, inputs and functions called by node."""

    nodes: dict[str, tuple[str, list[str], list[str]]] = field(default_factory=dict)


def read_serving(folder: Path, *, name: str) -> Serving | str:
    """Return the signature of a SavedModel that gives predictions, or why there is none that can be run.

    Args:
        folder: the folder with saved_model.pb.
        name: the folder's name, for errors.

    Raises:
        ModelError: the file is damaged or over a limit.
    """
    try:
        graph = _graph_for_serving(folder)
        return say("it has no serving graph") if graph is None else _serving(folder, graph)
    except _UnfitError as error:
        return error.reason
    except WireError as error:
        raise ModelError(f"{name} has a damaged {PROGRAM}. Received: {error}. Copy or download it again.") from error


def serving_graph(serving: Serving) -> bytes:
    """Return the graph that a signature belongs to, as the bytes of a MetaGraphDef.

    Raises:
        WireError: the file was changed since the signature was read.
    """
    return bytes(_graph_for_serving(serving.folder) or b"")


def _graph_for_serving(folder: Path) -> memoryview | None:
    for graph in messages(read_program(folder / PROGRAM), _META_GRAPHS):
        tags = [bytes(tag).decode("utf-8", "replace") for info in messages(graph, 1) for tag in messages(info, 4)]
        if _TAG in tags:
            return graph
    return None


def _serving(folder: Path, meta_graph: memoryview) -> Serving:
    key, signature = _chosen(meta_graph)
    inputs, outputs = _ports(signature, 1), _ports(signature, 2)
    if not inputs:
        raise _UnfitError(say("its signature '{key}' has no inputs", key=shown(key)))
    if not outputs:
        raise _UnfitError(say("its signature '{key}' has no outputs", key=shown(key)))
    definition = next(messages(meta_graph, _GRAPH), memoryview(b""))
    graph = _body(messages(definition, 1))
    library = {
        text(next(messages(function, 1), memoryview(b"")), 1): _body(messages(function, 3))
        for functions in messages(definition, 2)
        for function in messages(functions, 1)
    }
    needed = _needed(graph, [port.tensor for port in outputs])
    functions = _called([called for name in needed for called in graph.nodes[name][2]], library)
    inside = {operation for name in functions for operation, _, _ in library[name].nodes.values()}
    operations = {graph.nodes[name][0] for name in needed} | (inside - set(library))
    refused = sorted((operations - set(library) - PURE_OPERATIONS) | (inside & {"VarHandleOp", "Placeholder"}))
    if refused:
        listed = first_of(map(shown, refused), _LISTED)
        raise _UnfitError(
            say("the graph of its signature '{key}' does more than compute: {listed}", key=shown(key), listed=listed)
        )
    return Serving(
        folder=folder,
        signature=key,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        nodes=frozenset(needed),
        functions=frozenset(functions),
        operations=tuple(sorted(operations - set(library))),
    )


def _chosen(meta_graph: memoryview) -> tuple[str, memoryview]:
    """Return name and definition of the signature: the default one, or the only one."""
    found = {text(entry, 1): next(messages(entry, 2), memoryview(b"")) for entry in messages(meta_graph, _SIGNATURES)}
    found = {key: value for key, value in found.items() if not key.startswith(_INTERNAL)}
    if DEFAULT in found:
        return DEFAULT, found[DEFAULT]
    if len(found) != 1:
        listed = first_of(map(shown, sorted(found)), _LISTED)
        if not found:
            raise _UnfitError(say("it has no signature"))
        raise _UnfitError(
            say(
                "it has {count} signatures ({listed}), none of which is '{default}'",
                count=len(found),
                listed=listed,
                default=DEFAULT,
            )
        )
    return next(iter(found.items()))


def _ports(signature: memoryview, number: int) -> list[Port]:
    entries = {text(entry, 1): next(messages(entry, 2), memoryview(b"")) for entry in messages(signature, number)}
    return [_port(name, entries[name]) for name in sorted(entries)]


def _port(name: str, info: memoryview) -> Port:
    dtype = next((value for number, value in fields(info) if number == 2 and isinstance(value, int)), 0)
    shape = next(messages(info, 3), memoryview(b""))
    unknown = any(number == 3 and value for number, value in fields(shape))
    sizes = [
        next((signed(value) for number, value in fields(size) if number == 1 and isinstance(value, int)), 0)
        for size in messages(shape, 2)
    ]
    if not text(info, 1) or dtype not in _NUMBERS:
        raise _UnfitError(say("'{name}' of its signature is not a dense numeric tensor", name=shown(name)))
    if unknown or not sizes or sizes[0] != -1:
        received = say("unknown") if unknown else str(tuple(sizes))
        raise _UnfitError(
            say(
                "'{name}' of its signature has no free batch axis: shape {shape}",
                name=shown(name),
                shape=received,
            )
        )
    return Port(name, text(info, 1), _NUMBERS[dtype], tuple(None if size < 0 else size for size in sizes[1:]))


def _body(definitions: Iterator[memoryview]) -> _Body:
    body = _Body()
    for node in definitions:
        inputs = [bytes(value).decode("utf-8", "replace") for value in messages(node, 3)]
        called = [name for entry in messages(node, 5) for value in messages(entry, 2) for name in _functions_of(value)]
        operation = text(node, 2)
        body.nodes[text(node, 1)] = (operation, inputs, [*called, operation])
        if len(body.nodes) > limits.HDF5_OBJECTS:
            raise WireError(f"more than {limits.HDF5_OBJECTS:,} operations")
    return body


def _functions_of(attribute: memoryview, depth: int = 0) -> Iterator[str]:
    """Yield the functions that an attribute's value names; depth is that of functions given to functions."""
    if depth > limits.HDF5_DEPTH:
        raise WireError("functions that are nested too deeply")
    listed = [function for values in messages(attribute, 1) for function in messages(values, 9)]
    for function in [*messages(attribute, 10), *listed]:
        yield text(function, 1)
        for entry in messages(function, 2):
            for value in messages(entry, 2):
                yield from _functions_of(value, depth + 1)


def _needed(graph: _Body, tensors: list[str]) -> dict[str, None]:
    """Return the nodes that these tensors depend on."""
    found: dict[str, None] = {}
    waiting = list(tensors)
    while waiting:
        name = waiting.pop().lstrip("^").split(":")[0]
        if name in found:
            continue
        if name not in graph.nodes:
            raise _UnfitError(say("its graph lacks {name}", name=shown(name)))
        found[name] = None
        waiting.extend(graph.nodes[name][1])
    return found


def _called(names: list[str], library: Mapping[str, _Body]) -> set[str]:
    """Return all functions that are called; refuse those that call themselves, and too many calls in all."""
    calls: dict[str, int] = {}
    open_functions: set[str] = set()

    def cost(name: str) -> int:
        if name in open_functions or len(open_functions) > limits.HDF5_DEPTH:
            raise _UnfitError(say("its function {name} calls itself, or too deeply", name=shown(name)))
        if name not in calls:
            open_functions.add(name)
            inside = [called for _, _, several in library[name].nodes.values() for called in several]
            calls[name] = len(library[name].nodes) + sum(cost(called) for called in inside if called in library)
            open_functions.discard(name)
        return calls[name]

    total = sum(cost(name) for name in names if name in library)
    if total > _MOST_CALLS:
        calls_said = say(
            "its graph calls {count} operations (limit {limit})", count=min(total, 10**12), limit=_MOST_CALLS
        )
        raise _UnfitError(calls_said)
    return set(calls)
