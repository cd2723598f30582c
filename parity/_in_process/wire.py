"""The foreign end of the border: JSON lines in and out, and slot files that tensors are copied straight into.

This file runs inside an interpreter that parity did not choose: the standard library, numpy and torch only, Python 3.8
syntax. Neither numpy nor torch is imported before a value of theirs arrives.
"""

# What JSON is made of has no narrower type than Any.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import errno
import json
import math
import mmap
import os
import sys
import threading
import time
from typing import Any, Callable, NamedTuple

__all__ = [
    "LineReader",
    "LineWriter",
    "Listing",
    "NoRoom",
    "Slot",
    "Written",
    "as_written",
    "missing_module",
    "out_of_room",
]

ALIGNMENT = 64
_STEP = 1 << 16
_POPULATE = (
    0x8000 if sys.platform == "linux" else 0
)  # mmap.MAP_POPULATE, which Python only names from 3.10 on

# What a dtype is written as. Half precisions are widened (losslessly): the host has no bfloat16.
_WRITTEN_AS = {
    "float64": "float64",
    "float32": "float32",
    "float16": "float32",
    "bfloat16": "float32",
    "int64": "int64",
    "int32": "int32",
    "int16": "int16",
    "int8": "int8",
    "uint8": "uint8",
    "bool": "uint8",
}
_BYTES = {"float64": 8, "float32": 4, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1}


class NoRoom(Exception):
    """The device that a slot lies on is full."""


class Written(NamedTuple):
    """Where a tensor now lies in its slot: `dtype` as written, `source` as the framework had it, `offset` in bytes."""

    dtype: str
    source: str
    shape: list[int]
    offset: int


class LineWriter:
    """The output: one JSON object a line, whole lines only, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._written_at = time.monotonic()

    @property
    def silent(self) -> float:
        """The seconds since the last line was sent."""
        return time.monotonic() - self._written_at

    def write(self, record: dict[str, Any]) -> None:
        """Send one record; TypeError or ValueError when it holds what JSON cannot."""
        line = encode(record)
        with self._lock:
            _write(self._descriptor, line)
            self._written_at = time.monotonic()


class Listing:
    """The anonymous file beside a slot: one line a tensor, begun anew with each forward.

    What a forward wrote is read off it when the forward has ended, however it ended: the host is not woken for every
    tensor (a fifth of all it does for a small model), and a process that dies leaves what it wrote.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def clear(self) -> None:
        """Begin anew; the host, which has the same open file, reads without moving its place."""
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)

    def add(self, record: dict[str, Any]) -> None:
        """Add one line; OSError where there is no room for it."""
        _write(self._descriptor, encode(record))


class LineReader(threading.Thread):
    """The input, read continuously, so that the end of the host is noticed even in the middle of a forward.

    `on_request` is called with each request; `on_eof` when the host has closed its end, whatever the main thread is doing.
    """

    def __init__(
        self, descriptor: int, on_request: Callable[[dict[str, Any]], None], on_eof: Callable[[], None]
    ) -> None:
        super().__init__(name="parity-reader", daemon=True)
        self._descriptor = descriptor
        self._on_request = on_request
        self._on_eof = on_eof

    def run(self) -> None:
        try:
            self._read()
        finally:
            self._on_eof()

    def _read(self) -> None:
        # os.read, not a buffered reader: its lock would be held when the interpreter ends.
        rest = b""
        while True:
            chunk = os.read(self._descriptor, 1 << 16)
            if not chunk:
                return
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            for line in lines:
                self._on_request(json.loads(line.decode("utf-8")))


class Slot:
    """An anonymous file shared with the host, which holds the tensors of one forward, each 64-byte aligned.

    It grows to the largest forward and no further. Space is reserved before it is written to: on a full device that is
    an error here, where a plain write into the map would kill the process (SIGBUS).
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._map: mmap.mmap | None = None
        self._size = 0
        self._end = 0

    @property
    def descriptor(self) -> int:
        """The file's descriptor: what the host has put there is read from it."""
        return self._descriptor

    def rewind(self) -> None:
        """Begin a new forward; what the last one wrote is discarded."""
        self._end = 0

    def put(self, values: Any) -> Written:
        """Copy a torch tensor or a numpy array (or what numpy can make one of) into the slot."""
        return self._put_tensor(values) if hasattr(values, "detach") else self._put_array(values)

    def _put_tensor(self, tensor: Any) -> Written:
        torch: Any = sys.modules["torch"]
        dtype, source, shape, _ = as_written(tensor)
        offset, room, count = self._room(dtype, shape)
        if count:
            place = torch.frombuffer(room, dtype=getattr(torch, dtype), count=count, offset=offset)
            place.view(shape).copy_(tensor.detach())
        return Written(dtype, source, shape, offset)

    def _put_array(self, values: Any) -> Written:
        import numpy

        array: Any = numpy.asarray(values)
        dtype, source, shape, _ = as_written(array)
        offset, room, count = self._room(dtype, shape)
        if count:
            place: Any = numpy.frombuffer(room, dtype=dtype, count=count, offset=offset)
            numpy.copyto(place.reshape(shape), array, casting="unsafe")
        return Written(dtype, source, shape, offset)

    def _room(self, dtype: str, shape: list[int]) -> tuple[int, Any, int]:
        count = 1
        for size in shape:
            count *= size
        offset = -(-self._end // ALIGNMENT) * ALIGNMENT
        end = offset + count * _BYTES[dtype]
        if end > self._size:
            self._grow(end)
        self._end = end
        return offset, self._map, count

    def _grow(self, end: int) -> None:
        size = -(-end // _STEP) * _STEP
        try:
            _reserve(self._descriptor, self._size, size - self._size)
        except (OSError, OverflowError) as error:
            if isinstance(error, OverflowError) or out_of_room(error) or error.errno == errno.EFBIG:
                raise NoRoom(
                    f"no space for {size:,} bytes of tensors between the runner and parity"
                ) from error
            raise
        self._map = mmap.mmap(self._descriptor, size, flags=mmap.MAP_SHARED | _POPULATE)
        self._size = size


def missing_module(error: BaseException | None) -> str | None:
    """The module that was not found, where that is the error or what it was raised from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, ModuleNotFoundError):
            return error.name
        seen.add(id(error))  # an error may be its own cause
        error = error.__cause__
    return None


def as_written(values: Any) -> Written:
    """What a tensor or an array will be written as, at no place yet; TypeError for what the host cannot read."""
    source = str(values.dtype).replace("torch.", "")
    # float8 and other narrow floats widen to float32 without loss as well
    narrow = hasattr(values, "detach") and values.dtype.is_floating_point
    dtype = _WRITTEN_AS.get(source) or ("float32" if narrow else None)
    if dtype is None:
        raise TypeError(f"values of dtype {values.dtype} cannot be sent to the host")
    return Written(dtype, source, [int(size) for size in values.shape], 0)


def out_of_room(error: BaseException) -> bool:
    """Whether an error says that a device is full (or the user's share of it)."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _reserve(descriptor: int, start: int, length: int) -> None:
    allocate = getattr(os, "posix_fallocate", None)  # absent on macOS
    if allocate is not None:
        allocate(descriptor, start, length)
        return
    for place in range(start, start + length, _STEP):
        os.pwrite(descriptor, bytes(min(_STEP, start + length - place)), place)


def _write(descriptor: int, line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def encode(record: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(record, allow_nan=False, default=_plain)
    except ValueError:
        text = json.dumps(_without_nan(record), allow_nan=False, default=_plain)
    return text.encode("ascii") + b"\n"


def _plain(value: Any) -> Any:
    """JSON values for numpy's and torch's numbers and arrays; anything else becomes text."""
    if hasattr(value, "tolist"):
        return _without_nan(value.tolist())
    return str(value)


def _without_nan(value: Any) -> Any:
    """The same with "nan", "inf", "-inf" as text: JSON has no such numbers, and leaving them out would hide them."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return value
