"""A loaded model described as plain data: versions, labels, config."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# torch and transformers are only partly typed.

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from . import own_code

if TYPE_CHECKING:
    from transformers import PretrainedConfig

__all__ = ["attention", "flat", "labels", "settings", "versions"]


def versions() -> dict[str, str]:
    """The versions that may matter, of what is installed."""
    names = ("torch", "transformers", "tokenizers", "numpy")
    return {"python": platform.python_version(), **{name: _version(name) for name in names}}


def attention(config: PretrainedConfig) -> str:
    """The attention's implementation; before transformers 4.36 there was only one."""
    return str(getattr(config, "_attn_implementation", None) or "eager")


def settings(config: PretrainedConfig, more: dict[str, Any]) -> dict[str, Any]:
    """The settings of a config by their dotted names, with those that are chosen when a model is loaded, and some more."""
    return dict(flat(config.to_dict()), attn_implementation=attention(config), **_code(), **more)


def _code() -> dict[str, str]:
    """The digest of the code that the checkpoint brought along and that was run; nothing where there was none."""
    found = own_code.digest()
    return {} if found is None else {"own_code_digest": found}


def labels(config: Any) -> list[str]:
    """The class names by index, as many as there are outputs."""
    names = {int(index): str(name) for index, name in config.id2label.items()}
    return [names.get(index, f"LABEL_{index}") for index in range(int(config.num_labels))]


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Dotted keys to plain values; without keys that depend only on the checkpoint's place and the version."""
    if not isinstance(value, dict):
        plain = value if isinstance(value, (str, int, float, bool, list, type(None))) else str(value)
        return {path: plain}
    found: dict[str, Any] = {}
    for key in value:
        if path or key not in ("_name_or_path", "transformers_version"):
            found.update(flat(value[key], f"{path}.{key}" if path else str(key)))
    return found


def _version(name: str) -> str:
    try:
        return str(__import__(name).__version__)
    except ImportError:
        return "absent"
