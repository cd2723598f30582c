"""A checkpoint that is being loaded: the facts that every step of loading needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from transformers import PretrainedConfig

    from parity._in_process.host import Host

    from .options import Options

__all__ = ["Checkpoint"]


class Checkpoint(NamedTuple):
    """The name that worked and the configuration found there; `local` says that it is a folder here.

    `hub` is how files are looked for (revision, own code, without a network). Facts that a user should know are added to `notes`, settings
    of the tokenizer that the user overrode to `overridden`.
    """

    name: str
    local: bool
    config: PretrainedConfig
    options: Options
    hub: dict[str, object]
    host: Host
    notes: list[str]
    overridden: list[dict[str, str]]
