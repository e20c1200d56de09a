"""A frame without its samples as bytes, and back, without trust in who made them."""

from __future__ import annotations

import importlib
import io
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._pass import Packing
from tenbit.pipeline.frame import Exif, Frame

# All that a frame as it is read is made of, beside texts, numbers, tuples and dicts.
_ADMITTED = {
    "tenbit.kernels._facts": ("CameraColour", "Cfa", "Facts", "Opcode"),
    "tenbit.kernels._stage": ("Told",),
    "tenbit.pipeline.frame": ("Exif",),
    __name__: ("Fault", "Header", "_array"),
}


@dataclass(frozen=True)
class Header:
    """A frame without its samples, which follow: of this shape and dtype."""

    facts: Facts
    exif: Exif
    reader: str
    warnings: tuple[str, ...]
    packing: Packing | None
    shape: tuple[int, ...]
    dtype: str

    @classmethod
    def of(cls, frame: Frame) -> Header:
        samples = frame.samples
        made_of = frame.facts, frame.exif, frame.reader, frame.warnings, frame.packing
        return cls(*made_of, samples.shape, samples.dtype.str)


@dataclass(frozen=True)
class Fault:
    """An exception: its class's name and its text; the traceback of one that no reader should raise."""

    kind: str
    text: str
    is_memory: bool = False
    trace: str = ""


def dumped(message: Header | Fault) -> bytes:
    """The bytes of a message, in which arrays need nothing of numpy's to be built again."""
    into = io.BytesIO()
    _Pickler(into, protocol=pickle.HIGHEST_PROTOCOL).dump(message)
    return into.getvalue()


def loaded(data: bytes) -> Header | Fault:
    """The message of these bytes.

    Raises
    ------
    ValueError
        If they are none, or name anything that a frame as it is read does not hold.
    """
    try:
        message = _Unpickler(io.BytesIO(data)).load()
    except Exception as error:
        raise ValueError(f"no message: {error}") from None
    if not isinstance(message, Header | Fault):
        raise ValueError(f"no message: {type(message).__name__}")
    return message


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, np.ndarray | np.generic):
            return _array, (obj.tobytes(), obj.dtype.str, obj.shape, isinstance(obj, np.generic))
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, name: str) -> Any:
        if name not in _ADMITTED.get(module_name, ()):
            raise pickle.UnpicklingError(f"{module_name}.{name} is not admitted")
        return getattr(importlib.import_module(module_name), name)


def _array(data: bytes, dtype: str, shape: tuple[int, ...], is_scalar: bool) -> Array:
    kind = np.dtype(dtype)
    if kind.hasobject:
        raise pickle.UnpicklingError("an array of objects")
    array = np.frombuffer(data, kind).reshape(shape).copy()
    return array[()] if is_scalar else array
