"""An archive's config.json, read as data before anything of AllenNLP is imported.

AllenNLP evaluates the file as jsonnet (which can read files and the environment), and builds whatever class a `type`
names: a dotted type imports any installed module and calls it, AllenNLP's own commands among them. So the file is parsed
as JSON here (comments and trailing commas allowed, nothing else of jsonnet), only the parts that loading reads are kept,
and those are scanned: types that are paths to code and not registered names, addresses, nested archives, remote code,
pickled vocabularies, files outside the archive. An accepted config is written again as plain JSON, so that AllenNLP reads exactly
what was scanned.

Runs inside the foreign interpreter: standard library only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import json
import re
from typing import Any, Iterator, NamedTuple, Sequence

LOADED = ("model", "dataset_reader", "validation_dataset_reader", "vocabulary")
"""The parts that loading a model reads; the others (data paths, trainer, ...) only describe its training."""

BUILT = (*LOADED, "trainer", "data_loader", "validation_data_loader", "evaluation", "distributed")
"""The parts of a training config that AllenNLP builds."""

TRANSFORMER_KEYS = (
    "model_name",
    "pretrained_model",
    "transformer_model_name",
    "bert_model_name",
    "bert_model",
    "transformer_model",
)
"""The keys under which AllenNLP's classes take the name of a Transformers model or tokenizer."""

_NEVER_READ = ("pretrained_file", "initializer")
"""Keys that AllenNLP itself removes from `model` before it builds one from an archive."""

_REFUSED_KEYS = {
    "_pretrained": "names another archive to take modules from, which would be unpacked without these checks",
    "archive_file": "names another archive, which would be unpacked without these checks",
    "pretrained_vocab_file": "names a vocabulary that would be unpickled, which runs any code in it",
}
_SCHEMES = "https?|s3|gs|gcs|hf|ftp|sftp|r2|beaker"
_ADDRESS = re.compile(
    # With slashes anywhere in the text (GloVe's files are named `(address)#member`), any scheme in any case; without
    # them where it begins, since urlparse finds a scheme in `https:evil.example` too.
    rf"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]*:[/\\\\]{{2}}|^\W*({_SCHEMES}):\S",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(
    # A path from the root, a home folder or a parent folder, at the beginning or after what opens or parts a path
    r"(^\s*|[(\[!])(/+[^/\s]|~[^\s/]*/|\.\.(/|$))|/\.\.(/|$)"
)
_MEMBER = re.compile(r"\.(tar|tgz|tar\.\w+|zip|gz)!|^\(.+\)(#|\[)", re.IGNORECASE)
_UNPICKLES = re.compile(r"transfo[-_ ]?xl", re.IGNORECASE)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|#[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)


class Unsafe(Exception):
    """A config that would do more than describe a model: the reason, with the key."""


class TransformerName(NamedTuple):
    """A Transformers name in the config: its place and its value."""

    path: tuple[str, ...]
    name: str


def parse(text: str) -> dict[str, Any]:
    """The config as data; raises Unsafe for one that is a jsonnet program or not an object."""
    problem = ""
    for attempt in (text, _without_comments(text)):
        try:
            value = json.loads(attempt, parse_constant=_no_constant)
        except ValueError as error:
            problem = str(error)
            continue
        if isinstance(value, dict):
            return value
        raise Unsafe("config.json is not an object")
    raise Unsafe(
        f"config.json is not plain JSON: it is a jsonnet program, which parity does not run ({problem})"
    )


def _without_comments(text: str) -> str:
    """The text without comments and trailing commas; strings are unchanged."""
    for _ in range(2):  # a comma may be trailing only after the comment behind it is removed
        text = _TOKEN.sub(lambda found: found.group() if found.group().startswith('"') else " ", text)
    return text


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def needed(config: dict[str, Any]) -> dict[str, Any]:
    """Only what loading reads: the model, the readers, and the vocabulary's type."""
    kept = {name: config[name] for name in LOADED if name in config}
    if "model" in kept:
        kept["model"] = _without_keys(kept["model"])
    return kept


def _without_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_keys(item) for key, item in value.items() if key not in _NEVER_READ}
    return [_without_keys(item) for item in value] if isinstance(value, list) else value


def scan(config: dict[str, Any], include: Sequence[str]) -> None:
    """Raise Unsafe for the first thing that is more than data; `include` are the user's packages, allowed by name."""
    for path, value in _leaves(config):
        key = path[-1]
        where = ".".join(path)
        for part in path:
            if part in _REFUSED_KEYS:
                raise Unsafe(f"{where} {_REFUSED_KEYS[part]}")
        if key == "trust_remote_code" and value:
            raise Unsafe(f"{where} requests code from a model's folder")
        if not isinstance(value, str):
            continue
        if key == "tokenizer_type" and _UNPICKLES.search(value):
            raise Unsafe(f"{where} is {value!r}, a tokenizer that unpickles its vocabulary")
        check_type(path, value, include)
        if is_address(value):
            raise Unsafe(f"{where} is an address, {value!r}: parity downloads nothing")
        if _MEMBER.search(value):
            raise Unsafe(f"{where} reads a member of another archive, {value!r}")
        if key not in TRANSFORMER_KEYS and _OUTSIDE.search(value):
            raise Unsafe(f"{where} reads a file outside the archive, {value!r}")


def is_address(value: str) -> bool:
    """Whether this would be downloaded: a scheme with slashes anywhere, or a known scheme in front."""
    return _ADDRESS.search(value) is not None


def check_type(path: Sequence[str], value: str, include: Sequence[str]) -> None:
    """Raise Unsafe for a `type` that is a path to code: its target would be imported and called.

    A part that is given as a bare string (`"optimizer": "adam"`) is read as a type too. Only AllenNLP knows where one may be deeper in a
    config; these are checked when AllenNLP looks them up.
    """
    names_a_class = path[-1] == "type" or (len(path) == 1 and path[0] in BUILT)
    if names_a_class and "." in value and not value.startswith(tuple(name + "." for name in include)):
        own = value.startswith(("allennlp.", "allennlp_models."))
        what = "a path to code and not a registered name: it" if own else "code outside AllenNLP"
        raise Unsafe(f"{'.'.join(path)} is {value!r}: {what} would be imported and called")


def check_types(config: dict[str, Any], include: Sequence[str]) -> None:
    """Raise Unsafe for a path to code anywhere in a config, its trainer and callbacks included."""
    for path, value in _leaves(config):
        if isinstance(value, str):
            check_type(path, value, include)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
        if not value and path:
            yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, str(index)))
    elif path:
        yield path, value


def transformers(config: dict[str, Any]) -> list[TransformerName]:
    """Every Transformers name in the config, in its order."""
    return [
        TransformerName(path, value)
        for path, value in _leaves(config)
        if path[-1] in TRANSFORMER_KEYS and isinstance(value, str)
    ]


def put(config: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set one value in place."""
    place: Any = config
    for key in path[:-1]:
        place = place[int(key)] if isinstance(place, list) else place[key]
    place[int(path[-1]) if isinstance(place, list) else path[-1]] = value


def flat(config: dict[str, Any]) -> dict[str, Any]:
    """Dotted keys to plain values, as a description shows them."""
    return {".".join(path): value for path, value in _leaves(config)}
