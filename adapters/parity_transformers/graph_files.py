"""Which files belong to an exported graph: the graph itself, and the folder with its config and tokenizer."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["GraphFiles", "files_of", "find", "quantised_by", "served"]


_QUANTISED = (
    "DynamicQuantizeLinear",
    "QuantizeLinear",
    "DequantizeLinear",
    "MatMulInteger",
    "DynamicQuantizeMatMul",
    "ConvInteger",
    "QLinearMatMul",
    "QLinearConv",
    "QGemm",
    "QAttention",
    "MatMulNBits",
    "GatherBlockQuantized",
)
_OPERATOR = 0x22  # the field `op_type` of a node in the file: its tag, the length of the name, the name


class GraphFiles(NamedTuple):
    """The path of the graph's file, and the folder in which the config and the tokenizer are."""

    graph: str
    text: str


def find(locator: str, ending: str, tokenizer: str | None, host: Host) -> GraphFiles:
    """The files of a graph, or of a folder that holds one, at `model.onnx` or in a folder `onnx`; refused where it is not clear which.

    Config and tokenizer are those of the named folder, else those beside the graph, or one folder above it.
    """
    path = os.path.expanduser(locator)
    graph = path if os.path.isfile(path) else _in_folder(locator, path, ending, host)
    if tokenizer is not None:
        return GraphFiles(graph, os.path.expanduser(tokenizer))
    beside = os.path.dirname(os.path.abspath(graph))
    around = [folder for folder in (beside, os.path.dirname(beside)) if _has_text_side(folder)]
    if not around:
        raise host.Refusal(
            "subject-not-found",
            f"There is no tokenizer beside {graph}, nor in the folder above it.",
            "Put the tokenizer's files and config.json there, or name their folder with ?tokenizer=PATH.",
        )
    return GraphFiles(graph, around[0])


def _in_folder(locator: str, path: str, ending: str, host: Host) -> str:
    if not os.path.isdir(path):
        raise host.Refusal(
            "subject-not-found",
            f"The file or folder {locator or repr('')} was not found.",
            f"Name the exported graph (model{ending}), or the folder that it lies in.",
        )
    inner = [path, os.path.join(path, ending.lstrip("."))]
    found = [
        os.path.join(folder, name)
        for folder in inner
        if os.path.isdir(folder)
        for name in sorted(os.listdir(folder))
        if name.endswith(ending)
    ]
    usual = [one for one in found if os.path.basename(one) == "model" + ending]
    if usual or len(found) == 1:
        return (usual or found)[0]
    listed = ", ".join(os.path.relpath(one, path) for one in found[:6])
    raise host.Refusal(
        "subject-not-found",
        f"The folder {locator} holds several graphs: {listed}."
        if found
        else f"The folder {locator} holds no {ending} file.",
        "Name the file of one of them."
        if found
        else f"Export the model first, or name the file: model{ending}.",
    )


def _has_text_side(folder: str) -> bool:
    names = ("tokenizer_config.json", "tokenizer.json", "vocab.txt", "vocab.json")
    return any(os.path.isfile(os.path.join(folder, name)) for name in names)


def files_of(graph: str) -> list[str]:
    """The graph's file, and those with its weights beside it, which begin with its name."""
    folder, name = os.path.split(graph)
    beside = [one for one in sorted(os.listdir(folder or ".")) if one.startswith(name) and one != name]
    return [os.path.join(folder, one) for one in (name, *beside)]


def quantised_by(graph: str) -> list[str]:
    """The operators of a graph that compute with quantised numbers, by their names; empty where it has none."""
    with open(graph, "rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return [
                name
                for name in _QUANTISED
                if content.find(bytes([_OPERATOR, len(name)]) + name.encode("ascii")) >= 0
            ]


def served(graph: str) -> dict[str, str]:
    """For a description: that the graph is quantised, with the operators that show it; nothing where it is not."""
    operators = quantised_by(graph)
    return {"quantised": f"operators {', '.join(operators)}"} if operators else {}
