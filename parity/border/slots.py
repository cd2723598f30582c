"""Slots: anonymous files that a runner writes its tensors into, and the host's maps of them.

They lie in memory (/dev/shm) where there is room, else in the temporary folder; they have no name, so that they vanish with the
last process that holds them, however it ends.
"""

from __future__ import annotations

import errno
import math
import mmap
import os
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from parity.errors import OutOfSpace, UsageError

__all__ = ["Array", "Slot", "files_of", "free_slot", "slot_folder"]

Array = np.ndarray[Any, np.dtype[Any]]

_SHARED_MEMORY = Path("/dev/shm")
_ROOM_WORTH_HAVING = 1 << 30  # a container's usual 64 MiB would fill up in the middle of a run
_POPULATE: int = getattr(mmap, "MAP_POPULATE", 0)
DTYPES = frozenset({"float64", "float32", "int64", "int32", "int16", "int8", "uint8"})


class Slot:
    """One anonymous file and the host's map of it, with the listing of what lies there; the runner writes, the host only looks.

    It is taken from `take` until `give_back` and until the last array over it is gone, whichever is later, so that
    arrays in use are never overwritten.
    """

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, prefix="parity-")  # noqa: SIM115 - lives as the slot
        self._listing: IO[bytes] = tempfile.TemporaryFile(dir=folder, prefix="parity-")  # noqa: SIM115 - lives as the slot
        self._map: mmap.mmap | None = None
        self._whole: weakref.ref[Array] | None = None
        self._taken_by: int | None = None
        self._readers: set[object] = set()

    @property
    def descriptor(self) -> int:
        """The file descriptor a runner inherits."""
        return self._file.fileno()

    @property
    def listing(self) -> int:
        """The listing's file descriptor, inherited likewise."""
        return self._listing.fileno()

    def listed(self) -> bytes:
        """The lines of the listing so far."""
        size = os.fstat(self.listing).st_size
        return os.pread(self.listing, size, 0)

    @property
    def free(self) -> bool:
        """Whether a runner may write into it."""
        return self._taken_by is None and not self._readers

    def take(self, request: int) -> None:
        """Have it written to by the answer to a request."""
        self._taken_by = request

    def is_of(self, request: int) -> bool:
        """Whether what lies there is the answer to a request that has not been given back."""
        return self._taken_by == request

    def give_back(self) -> None:
        """Nothing more will be written; arrays over it prevent it from being taken again."""
        self._taken_by = None

    def view(self, dtype: str, shape: tuple[int, ...], offset: int) -> Array:
        """A read-only array over the slot's bytes; ValueError where they are not."""
        if dtype not in DTYPES or offset < 0 or min(shape, default=0) < 0:
            raise ValueError(f"no such place in a slot: {dtype} {shape} at byte {offset}")
        count = math.prod(shape)
        if count == 0:
            return np.empty(shape, dtype)
        end = offset + count * np.dtype(dtype).itemsize
        array: Array = self._bytes(end)[offset:end].view(dtype)
        return array.reshape(shape)

    def _bytes(self, end: int) -> Array:
        """All of the slot's bytes, `end` at least; ValueError where there are not so many.

        Every slice, transpose or cast without a copy has this very array as its base: it goes with the last of them.
        """
        whole = None if self._whole is None else self._whole()
        if whole is None or end > len(whole):
            if self._map is None or end > len(self._map):
                size = os.fstat(self.descriptor).st_size
                if end > size:
                    raise ValueError(f"byte {end} is beyond the slot's {size} bytes")
                # Arrays over the old map hold it, and with it the same memory.
                self._map = mmap.mmap(
                    self.descriptor, size, flags=mmap.MAP_SHARED | _POPULATE, prot=mmap.PROT_READ
                )
            whole = np.frombuffer(self._map, np.uint8)
            reader = object()
            self._readers.add(reader)
            weakref.finalize(whole, self._readers.discard, reader)
            self._whole = weakref.ref(whole)
        return whole

    def hold(self, holder: object) -> None:
        """Keep the slot from being taken again as long as an object lives that reads from what its forward left with the runner."""
        reader = object()
        self._readers.add(reader)
        weakref.finalize(holder, self._readers.discard, reader)

    def close(self) -> None:
        """Close the files; arrays over the slot stay valid."""
        self._map = None
        self._file.close()
        self._listing.close()


def files_of(folder: Path, count: int) -> tuple[list[Slot], str]:
    """So many slots, and a folder for whatever else a runner writes; raises OutOfSpace or UsageError where they cannot be made."""
    try:
        return [Slot(folder) for _ in range(count)], tempfile.mkdtemp(prefix="parity-")
    except OSError as error:
        kind = OutOfSpace if error.errno in (errno.ENOSPC, errno.EDQUOT) else UsageError
        raise kind(
            f"No temporary file can be made in {folder} or {tempfile.gettempdir()}: {error.strerror}.",
            next_step="Name a folder that can be written to: PARITY_SLOTS=FOLDER for tensors, TMPDIR=FOLDER for the rest.",
        ) from error


def free_slot(slots: Sequence[Slot], subject: str) -> tuple[int, Slot]:
    """The first slot that may be written into, with its number; RuntimeError where none may."""
    for number, slot in enumerate(slots):
        if slot.free:
            return number, slot
    raise RuntimeError(f"the arrays of {len(slots)} forwards of {subject} are still held")


def slot_folder() -> Path:
    """Where slots lie: the folder PARITY_SLOTS names, else /dev/shm with a GiB free, else the temporary folder."""
    named = os.environ.get("PARITY_SLOTS")
    if named:
        return Path(named)
    try:
        room = os.statvfs(_SHARED_MEMORY)
    except OSError:
        return Path(tempfile.gettempdir())
    roomy = room.f_bavail * room.f_frsize >= _ROOM_WORTH_HAVING and os.access(_SHARED_MEMORY, os.W_OK)
    return _SHARED_MEMORY if roomy else Path(tempfile.gettempdir())
