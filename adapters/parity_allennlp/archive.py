"""An AllenNLP archive, unpacked without trusting it: only what AllenNLP writes, never outside the folder, never above the size limits.

AllenNLP's own `load_archive` calls `tarfile.extractall` with no filter: a member named `../x` is written outside, a link
is followed, and nothing bounds the size. Here every member is checked before a byte of it is written, and the limits count
the decompressed bytes, not the sizes that the headers declare.

Runs inside the foreign interpreter: standard library only, Python 3.8.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import tarfile
from typing import IO, Any, NamedTuple, cast

CONFIG = "config.json"
META = "meta.json"
WEIGHTS = ("weights.th", "best.th")
VOCABULARY = "vocabulary"

_CHUNK = 1 << 20


class Limits(NamedTuple):
    """The limits of an archive: unpacked bytes, members, and the compression ratio above `ratio_from` bytes."""

    total: int = 20 << 30
    members: int = 10000
    ratio: int = 200
    ratio_from: int = 64 << 20


class Unsafe(Exception):
    """An archive that would do more than hold a model: the reason, with the member's name."""


class Unpacked(NamedTuple):
    """The places of the archive's parts: a folder that the runner removes, its weights, and the members that were not unpacked."""

    folder: str
    weights: str
    ignored: list[str]


def unpack(source: str, folder: str, limits: Limits | None = None) -> Unpacked:
    """Put what AllenNLP wrote into `folder` (empty, ours); `source` is a model.tar.gz or a serialization directory.

    Raises Unsafe for an archive that is refused, FileNotFoundError for one that lacks a part.
    """
    if os.path.isdir(source):
        return _adopt(source, folder)
    ignored = _extract(source, folder, limits or Limits())
    weights = next((name for name in WEIGHTS if os.path.isfile(os.path.join(folder, name))), None)
    if weights is None or not os.path.isfile(os.path.join(folder, CONFIG)):
        raise FileNotFoundError("{} holds no {}.".format(source, CONFIG if weights else "weights.th"))
    return Unpacked(folder, os.path.join(folder, weights), ignored)


def _adopt(source: str, folder: str) -> Unpacked:
    """A serialization directory: the small parts are copied, since loading a vocabulary locks files beside it."""
    weights = next(
        (path for path in (os.path.join(source, name) for name in WEIGHTS) if os.path.isfile(path)), None
    )
    if weights is None or not os.path.isfile(os.path.join(source, CONFIG)):
        raise FileNotFoundError(
            "{} holds no {}.".format(source, CONFIG if weights else "weights.th or best.th")
        )
    for name in (CONFIG, META):
        if os.path.isfile(os.path.join(source, name)):
            shutil.copyfile(os.path.join(source, name), os.path.join(folder, name))
    words = os.path.join(source, VOCABULARY)
    os.mkdir(os.path.join(folder, VOCABULARY))
    for name in sorted(os.listdir(words)) if os.path.isdir(words) else []:
        if os.path.isfile(os.path.join(words, name)):
            shutil.copyfile(os.path.join(words, name), os.path.join(folder, VOCABULARY, name))
    return Unpacked(folder, os.path.abspath(weights), [])


class _Metered(io.RawIOBase):
    """The decompressed stream, counted: more bytes than the limits allow end the reading."""

    def __init__(self, stream: IO[bytes], compressed: int, limits: Limits) -> None:
        self._stream = stream
        self._compressed = compressed
        self._limits = limits
        self._seen = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, in pieces of a megabyte at the most."""
        block = self._stream.read(_CHUNK if size < 0 else min(size, _CHUNK))
        self._seen += len(block)
        if self._seen > self._limits.total:
            raise Unsafe(f"it unpacks to more than {self._limits.total:,} bytes")
        if self._seen > self._limits.ratio_from and self._seen > self._limits.ratio * self._compressed:
            raise Unsafe(
                f"it is a decompression bomb: {self._compressed:,} bytes unpack to more than {self._seen:,}"
            )
        return block


def _extract(source: str, folder: str, limits: Limits) -> list[str]:
    ignored: list[str] = []
    seen: set[str] = set()
    try:
        with open(source, "rb") as file, gzip.open(file, "rb") as plain:
            metered = cast(Any, _Metered(cast(IO[bytes], plain), os.path.getsize(source), limits))
            with tarfile.open(fileobj=metered, mode="r|") as tar:
                for member in tar:
                    name = _safe_name(member)
                    if name in seen:
                        raise Unsafe(f"two members are named {name!r}")
                    seen.add(name)
                    if len(seen) > limits.members:
                        raise Unsafe(f"it has more than {limits.members:,} members")
                    if not member.isfile():
                        continue
                    if not _is_allennlps(name):
                        ignored.append(name)
                        continue
                    _write(tar, member, os.path.join(folder, *name.split("/")))
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Unsafe(f"it is not a complete tar.gz ({error})") from error
    return ignored


def _safe_name(member: tarfile.TarInfo) -> str:
    """The member's path, relative and inside; raises Unsafe for anything but a plain file or folder."""
    name = member.name
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or "\\" in name or "\0" in name or re.match("[A-Za-z]:", name):
        raise Unsafe(f"the member {name!r} would be written outside the archive's folder")
    if member.issym() or member.islnk():
        kind = "symbolic" if member.issym() else "hard"
        raise Unsafe(f"the member {name!r} is a {kind} link to {member.linkname!r}")
    if not (member.isfile() or member.isdir()):
        raise Unsafe(f"the member {name!r} is a device or a pipe, not a file")
    if member.issparse():
        raise Unsafe(f"the member {name!r} is a sparse file, which hides its real size")
    return "/".join(parts)


def _is_allennlps(name: str) -> bool:
    """Whether AllenNLP writes a file of this name into an archive and reads it again."""
    parts = name.split("/")
    return name in (CONFIG, META, *WEIGHTS) or (len(parts) == 2 and parts[0] == VOCABULARY)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
    content = tar.extractfile(member)
    if content is None:
        return
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        shutil.copyfileobj(content, target, _CHUNK)
