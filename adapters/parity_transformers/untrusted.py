"""What a checkpoint must not do while it is loaded: bring a vocabulary or weights that run code when they are unpickled.

Its files are checked before transformers reads any; then the settings as transformers itself found them (a name on the
hub has no folder to look into, and some versions read other files than config.json); and while it loads, the unpickling
itself is prevented.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# Values from transformers are Any here.

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
from typing import TYPE_CHECKING, Any, Generator, Iterator

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal

__all__ = ["check_attention", "check_folder", "check_settings", "nothing_unpickled"]


_IMPLEMENTATION = re.compile(r"(attn|attention|experts)_implementation(_internal)?$")


def check_folder(place: str, host: Host) -> None:
    """Refuse a folder whose tokenizer would unpickle its vocabulary; before transformers is imported."""
    if os.path.isdir(place):
        _check(place, host)


def check_attention(place: str, host: Host) -> None:
    """Refuse a config that names an implementation from the hub: compiled code, which transformers 5 downloads and runs."""
    for path in sorted(glob.glob(os.path.join(glob.escape(place), "config*.json"))):
        try:
            with open(path, encoding="utf-8") as file:
                settings = json.load(file)
        except (OSError, ValueError, RecursionError):
            continue
        for key, value in _implementations(settings):
            raise host.Refusal(
                "unsafe-artifact",
                f"{place} was not loaded: {key} in its {os.path.basename(path)} is {value!r}, code that would be downloaded and run.",
                "Remove that key from the file; ?attn= chooses among the implementations of transformers.",
            )


def _implementations(settings: Any) -> Iterator[tuple[str, str]]:
    """The implementations in a config, its inner configs included, that are repositories of a hub."""
    waiting: list[tuple[str, Any]] = [("", settings)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            named = key if _IMPLEMENTATION.search(key) else ""
            waiting += [(named or str(name), one) for name, one in value.items()]
        elif isinstance(value, list):
            waiting += [(key, one) for one in value]
        elif isinstance(value, str) and "/" in value and _IMPLEMENTATION.search(key):
            yield key, value


def check_settings(place: str, config: Any, arguments: dict[str, Any], host: Host) -> None:
    """Refuse a tokenizer that would unpickle its vocabulary, by the settings as transformers finds them.

    `config` is the one that the tokenizer's class comes from, where it is known; `arguments` are the options of the hub request.
    """
    import transformers

    auto: Any = transformers.models.auto
    where = {name: arguments[name] for name in ("revision", "local_files_only") if name in arguments}

    def own_config() -> Any:
        return (config or transformers.AutoConfig.from_pretrained(place, **where)).to_dict()

    def tokenizer_config() -> Any:
        return auto.tokenization_auto.get_tokenizer_config(place, **where)

    settings: list[tuple[str, Any]] = []
    for name, read in (("config.json", own_config), ("tokenizer_config.json", tokenizer_config)):
        # What cannot be read here (a folder with nothing but a tokenizer has no config) is reported when it is loaded.
        with contextlib.suppress(Exception):
            settings.append((name, read()))
    _check(place, host, *settings)


@contextlib.contextmanager
def nothing_unpickled(name: str, trusted: bool, host: Host) -> Generator[None, None, None]:
    """While files of `name` are read nothing is unpickled, except where the user trusts its code."""
    if trusted:
        yield
        return
    with host.forbidden.nothing_unpickled() as prevented:
        try:
            yield
        except Exception as error:
            if prevented:
                raise _prevented(name, prevented[0], host) from error
            raise
    if prevented:  # transformers continued without the prevented act
        raise _prevented(name, prevented[0], host)


def _check(place: str, host: Host, *settings: tuple[str, Any]) -> None:
    found = host.pickled_vocabulary.look(place, *settings)
    if found is not None:
        raise host.pickled_vocabulary.refusal(place, found, host.Refusal)


def _prevented(name: str, act: str, host: Host) -> Refusal:
    return host.Refusal(
        "unsafe-artifact",
        f"{name} was not loaded: loading it would {act}, which was prevented. None of its code was run.",
        "Ask its author why. Weights are safe as safetensors, a vocabulary as text or tokenizer.json.",
    )
