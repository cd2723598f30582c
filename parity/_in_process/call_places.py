"""Which modules of a model are watched when its layers are isolated: the layers, the modules in which stages end, and the parts beside them."""

# Values from torch are Any here.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import torch

from .sites import Site

__all__ = ["Place", "places_of"]


class Place(NamedTuple):
    """One module that is watched: its path; the stages that it is the layer of, and those that it is the end of, by call."""

    path: str
    module: Any
    layer: dict[int, str]
    end: dict[int, str]
    part: bool


def places_of(model: Any, sites: Sequence[Site], paths: dict[int, str]) -> dict[int, Place]:
    """Every module to watch: the layers, the modules in which stages end, and the parts beside them."""
    found: dict[int, Place] = {}

    def place(module: Any, *, part: bool) -> Place:
        known = found.get(id(module))
        if known is None:
            known = found[id(module)] = Place(paths[id(module)], module, {}, {}, part)
        return known

    layers: list[str] = []
    for site in sites:
        if site.detail or site.before or id(site.module) not in paths:
            continue
        layers += [paths[id(site.module)]] if site.block else []
    within = {path.rpartition(".")[0] for path in layers}
    on_the_way = {""} | {
        ".".join(path.split(".")[:end]) for path in layers for end in range(path.count(".") + 1)
    }
    for path, module in model.named_modules() if layers else ():
        parent = path.rpartition(".")[0]
        plain = isinstance(module, (torch.nn.ModuleList, torch.nn.ModuleDict))
        if (
            path
            and parent in on_the_way - within
            and path not in on_the_way
            and path not in layers
            and not plain
        ):
            place(module, part=True)
    for site in sites:
        if site.detail or site.before or id(site.module) not in paths:
            continue
        known = place(site.module, part=False)
        known.end[site.call] = site.name
        if site.block:
            known.layer[site.call] = site.name
    return found
