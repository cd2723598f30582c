"""The folders of the transformers that a config names: as the user gives them, or beside the archive, or on this machine.

Runs inside the foreign interpreter: standard library and Transformers, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from . import config as configs

if TYPE_CHECKING:
    from parity._in_process.host import Host


def resolve_transformers(
    host: Host, config: dict[str, Any], given: str, beside: str, named_by: str = "archive"
) -> dict[str, str]:
    """Put the user's folders where the config names a transformer; returns the replaced names with their folders.

    `given` is one folder for the only name there is, or `name=folder` pairs with commas between. A name that is not a
    folder here is searched in `beside`, the archive's own folder, by its last part. Raises Refusal for a name that
    is neither given nor on this machine.
    """
    archived = named_by == "archive"
    places = configs.transformers(config)
    names = list(dict.fromkeys(place.name for place in places))
    mapped: dict[str, str] = {}
    if "=" in given:
        mapped = {name: folder for name, _, folder in (pair.partition("=") for pair in given.split(","))}
    if given and not mapped:
        if len(names) != 1:
            raise host.Refusal(
                "bad-option-value",
                "The {} names {} transformers{}: one folder cannot replace them.".format(
                    named_by, len(names), " ({})".format(", ".join(names)) if names else ""
                ),
                "Write ?transformer=NAME=PATH,NAME=PATH." if names else "Omit ?transformer.",
            )
        mapped = {names[0]: given}
    for name, folder in mapped.items():
        if name not in names or not os.path.isdir(folder):
            raise host.Refusal(
                "bad-option-value",
                "?transformer={}: {}.".format(
                    given,
                    f"there is no folder {folder!r}"
                    if name in names
                    else "the {} does not name {!r}, but {}".format(
                        named_by, name, ", ".join(names) or "none"
                    ),
                ),
                "Give a folder with the config.json and the vocabulary of the transformer.",
            )
    for name in names:
        neighbour = os.path.join(beside, os.path.basename(name.rstrip("/")))
        if (
            name not in mapped
            and not os.path.isdir(name)
            and os.path.isfile(os.path.join(neighbour, "config.json"))
        ):
            mapped[name] = neighbour
    for name in names:
        refuse_pickled(host, mapped.get(name) or name)
    auto: Any = importlib.import_module("transformers").AutoConfig
    for name in names:
        if name not in mapped:
            try:
                known = auto.from_pretrained(name)
                refuse_pickled(host, name, ("config.json", known.to_dict()))
            except (OSError, ValueError) as error:
                raise host.Refusal(
                    "subject-not-found",
                    f"The {named_by} names the transformer {name!r}, which is not on this machine"
                    + ("; an archive has neither its config nor its vocabulary." if archived else "."),
                    "Give its folder ({}): ?transformer=PATH.".format(
                        "config.json and the vocabulary are enough" if archived else "with its weights"
                    ),
                ) from error
    for place in places:
        if place.name in mapped:
            configs.put(config, place.path, mapped[place.name])
    return mapped


def refuse_pickled(host: Host, place: str, *settings: tuple[str, Any]) -> None:
    """Refuse a transformer whose tokenizer would unpickle its vocabulary."""
    found = host.pickled_vocabulary.look(place, *settings)
    if found is not None:
        raise host.pickled_vocabulary.refusal(place, found, host.Refusal)
