"""What an archive's config.json asks for, read as data before anything of AllenNLP is imported.

AllenNLP evaluates the file as jsonnet (which can read files and the environment), and builds whatever class a `type`
names: a dotted type imports any installed module and calls it. So the file is parsed as JSON here (comments and trailing
commas allowed, nothing else of jsonnet), only the parts that loading reads are kept, and those are scanned: dotted types
outside AllenNLP, addresses, nested archives, remote code, absolute paths. What passes is written again as plain JSON, so
that what was scanned is what AllenNLP reads.

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
"""The parts that loading a model reads; the others (data paths, trainer, ...) only say how it was trained."""

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
}
_ADDRESS = re.compile(r"^\s*[A-Za-z][A-Za-z0-9+.-]*://")
_OUTSIDE = re.compile(r"/[^/\s]|~/|(.*/)?\.\./")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|#[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)


class Unsafe(Exception):
    """A config that would do more than describe a model: the reason, with the key."""


class TransformerName(NamedTuple):
    """A Transformers name in the config: where it stands, and what it says."""

    path: tuple[str, ...]
    name: str


def parse(text: str) -> dict[str, Any]:
    """The config as data; raises Unsafe for one that is a jsonnet program, or no object."""
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
    raise Unsafe(f"config.json is not plain data: it would have to be run as a jsonnet program ({problem})")


def _without_comments(text: str) -> str:
    """Comments and trailing commas taken out; whatever stands in a string is left as it is."""
    for _ in range(2):  # a comma may be trailing only once the comment behind it is gone
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
    packages = ("allennlp", "allennlp_models", *include)
    for path, value in _leaves(config):
        key = path[-1]
        where = ".".join(path)
        for part in path:
            if part in _REFUSED_KEYS:
                raise Unsafe(f"{where} {_REFUSED_KEYS[part]}")
        if key == "trust_remote_code" and value:
            raise Unsafe(f"{where} asks for code from a model's folder to be run")
        if not isinstance(value, str):
            continue
        if _ADDRESS.match(value):
            raise Unsafe(f"{where} is an address, {value!r}: nothing is fetched")
        if (
            _names_a_class(path)
            and "." in value
            and not value.startswith(tuple(name + "." for name in packages))
        ):
            raise Unsafe(f"{where} is {value!r}: code outside AllenNLP would be imported and called")
        if key not in TRANSFORMER_KEYS and _OUTSIDE.match(value):
            raise Unsafe(f"{where} reads a file outside the archive, {value!r}")


def dotted_types(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The dotted types that passed the scan, with their places: what they name must still turn out to be a class."""
    for path, value in _leaves(config):
        if isinstance(value, str) and "." in value and _names_a_class(path):
            yield ".".join(path), value


def _names_a_class(path: tuple[str, ...]) -> bool:
    """A `type`, or a part given as a bare string (`"optimizer": "adam"`), which AllenNLP reads as a type."""
    return path[-1] == "type" or (len(path) == 1 and path[0] in LOADED)


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
