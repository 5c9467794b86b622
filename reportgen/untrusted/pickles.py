"""Arrays, texts and numbers out of a Python pickle, in which nothing of Python can be called.

A pickle is a program for Python's unpickler, which can call whatever is installed. Here its steps are taken one by one by a
machine that knows plain values alone, and stand-ins for the few functions that NumPy writes for arrays, each of which checks what
it is given. There is nothing else that it could find, and nothing larger than the file that it could make.

Source: https://docs.python.org/3/library/pickle.html#restricting-globals
"""

from __future__ import annotations

import math
import pickletools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

_MOST_STEPS = 5_000_000
_TYPE = re.compile(r"[|<>=]?([biuf][1248]|b1)")
_MARK = object()
_NOTHING = frozenset({"PROTO", "FRAME"})
_VALUES = frozenset(
    {
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "FLOAT",
        "BINFLOAT",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
    }
    | {"BYTEARRAY8", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
)
_OLD_TEXT = frozenset({"STRING", "BINSTRING", "SHORT_BINSTRING"})
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class PickleError(ValueError):
    """A pickle holds something else than arrays, texts and numbers."""


def arrays_of_pickle(data: bytes) -> Any:
    """Return what a pickle holds: dictionaries, lists, tuples, texts, bytes, numbers and arrays of these.

    Text that Python 2 wrote is bytes.

    Args:
        data: the whole file; nothing larger is ever made of it.

    Raises:
        PickleError: it is damaged, or asks for anything else.
    """
    try:
        return _plain(_result(data))
    except PickleError:
        raise
    except Exception as error:  # a damaged program fails in whatever way
        raise PickleError(f"it is damaged ({type(error).__name__})") from error


def _result(data: bytes) -> Any:
    """Return what the program of a pickle leaves, each of its steps taken here; an unknown one ends it."""
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        name = opcode.name
        if name == "STOP":
            return stack.pop()
        if count > _MOST_STEPS:
            raise PickleError("it takes too many steps")
        if name in _VALUES:
            stack.append(argument)
        elif name in _OLD_TEXT:
            stack.append(str(argument).encode("latin-1"))
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[len(memo) if name == "MEMOIZE" else argument] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name not in _NOTHING:
            _step(name, argument, stack)
    raise PickleError("it is cut")


def _step(name: str, argument: Any, stack: list[Any]) -> None:
    """Take a step that puts values together or calls a stand-in."""
    if name == "MARK":
        stack.append(_MARK)
    elif name in _TUPLES:
        stack[-_TUPLES[name] :] = [tuple(stack[-_TUPLES[name] :])]
    elif name in ("TUPLE", "LIST"):
        stack.append((tuple if name == "TUPLE" else list)(_since_mark(stack)))
    elif name == "DICT":
        stack.append(_filled({}, _since_mark(stack)))
    elif name in ("APPEND", "APPENDS"):
        values = [stack.pop()] if name == "APPEND" else _since_mark(stack)
        _checked(stack[-1], list).extend(values)
    elif name in ("SETITEM", "SETITEMS"):
        values = _since_mark(stack) if name == "SETITEMS" else [stack.pop(), stack.pop()][::-1]
        _filled(_checked(stack[-1], dict), values)
    elif name == "POP":
        stack.pop()
    elif name == "POP_MARK":
        _since_mark(stack)
    elif name == "GLOBAL":
        module, _, function = argument.partition(" ")
        stack.append(_stand_in(module, function))
    elif name == "STACK_GLOBAL":
        function, module = stack.pop(), stack.pop()
        stack.append(_stand_in(module, function))
    elif name == "REDUCE":
        arguments, function = _checked(stack.pop(), tuple), _checked(stack.pop(), _StandIn)
        stack.append(function.make(*arguments))
    elif name == "BUILD":
        state = _checked(stack.pop(), tuple)
        _checked(stack[-1], _Type | _Array).build(*state)
    else:
        raise PickleError(f"it takes the step {name}")


def _since_mark(stack: list[Any]) -> list[Any]:
    """Take what lies above the last mark off the stack, and the mark."""
    taken: list[Any] = []
    while (value := stack.pop()) is not _MARK:
        taken.append(value)
    return taken[::-1]


def _filled(found: dict[Any, Any], pairs: list[Any]) -> dict[Any, Any]:
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        # the hash of tuples in tuples takes twice as long for each more
        found[_checked(key, str | bytes | int)] = value
    return found


def _checked(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind):
        raise PickleError(f"it uses a {type(value).__name__} as something else")
    return value


def _stand_in(module: Any, function: Any) -> _StandIn:
    found = _STAND_INS.get((str(module), str(function)))
    if found is None:
        raise PickleError(f"it asks for {f'{module}.{function}'[:60]!r}")
    return _StandIn(found)


class _StandIn:
    """Stands in for a function that NumPy writes; no function of NumPy is called."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make


class _Type:
    """Stands in for `numpy.dtype`: a type of numbers."""

    def __init__(self, code: object, *_: object) -> None:
        text = code.decode("latin-1") if isinstance(code, bytes) else str(code)
        if not _TYPE.fullmatch(text):
            raise PickleError(f"it holds an array of type {text[:20]!r}")
        self.dtype = np.dtype(text)

    def build(self, _version: Any, order: Any, *parts: Any) -> None:
        """Take the byte order; a type of parts is refused."""
        order = order.decode("latin-1") if isinstance(order, bytes) else order
        if order not in ("<", ">", "|", "=") or any(part is not None for part in parts[:3]):
            raise PickleError("it holds an array of a type of its own")
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Stands in for `numpy.ndarray`: values that are checked before an array is made of them."""

    values: np.ndarray | None = None

    def build(self, _version: Any, shape: Any, kind: Any, fortran_order: Any, raw: Any) -> None:
        """Take shape, type, order and bytes."""
        self.fill(raw, kind, shape, "F" if fortran_order else "C")

    def fill(self, raw: Any, kind: Any, shape: Any, order: Any) -> None:
        """Make the array of its bytes; of exactly as many as its shape and type say."""
        sizes = shape if isinstance(shape, tuple) else (shape,)
        if (
            not isinstance(kind, _Type)
            or not all(isinstance(size, int) and size >= 0 for size in sizes)
            or len(sizes) > 8
        ):
            raise PickleError("it holds an array without a shape or a type")
        if not isinstance(raw, bytes | bytearray) or math.prod(sizes) * kind.dtype.itemsize != len(raw):
            raise PickleError("it holds an array of another size than its shape says")
        flat = np.frombuffer(bytes(raw), kind.dtype)
        self.values = flat.reshape(sizes, order="F" if order in ("F", b"F") else "C")


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _from_buffer(raw: Any, kind: Any, shape: Any, order: Any, *_: object) -> _Array:
    array = _Array()
    array.fill(raw, kind, shape, order)
    return array


def _scalar(kind: Any, raw: Any = b"") -> float | int:
    array = _Array()
    array.fill(raw, kind, (), "C")
    assert array.values is not None
    number: float | int = array.values.item()
    return number


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """Return bytes that were written as text, as protocol 2 does."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise PickleError("it encodes something else than bytes")
    return text.encode("latin-1")


def _no_bytes() -> bytes:
    """Return bytes of length 0, which protocols before 3 write as a call."""
    return b""


_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _reconstruct,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "bytes"): _no_bytes,
    **{
        (f"numpy.{core}.{module}", name): found
        for core in ("core", "_core")
        for module, name, found in (
            ("multiarray", "_reconstruct", _reconstruct),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _from_buffer),
        )
    },
}


def _plain(value: Any) -> Any:
    """Return a value with arrays in place of their stand-ins, two levels deep, where data sets have them."""
    if isinstance(value, dict):
        return {key: _array_of(one) for key, one in value.items()}
    return [_array_of(one) for one in value] if isinstance(value, list | tuple) else _array_of(value)


def _array_of(value: Any) -> Any:
    return value.values if isinstance(value, _Array) else value
