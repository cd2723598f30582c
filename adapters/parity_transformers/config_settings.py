"""Settings of a config that the user overrides: `?config.layer_norm_eps=1e-5`, an inner one by its path (`config.text_config.…`).

They are set after the file was read and before the model is made, as a script sets them that loads the config first. A key that the
config does not have is refused; one that has its value already, or that nothing reads, is reported in a note.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from transformers are Any here.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import settings

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["Override", "Reads", "apply"]

# Chosen by another option, or settled before any model is made: to set them on the config would change nothing, or something else.
_ELSEWHERE = {
    "dtype": "Use ?dtype=.",
    "torch_dtype": "Use ?dtype=.",
    "attn_implementation": "Use ?attn=.",
    "model_type": "Name a folder whose config.json has that model_type.",
    "auto_map": "Code of a checkpoint is run only with trust_remote_code=true, by its own config.json.",
    "quantization_config": "Name a folder with such weights.",
    "transformers_version": "Name the interpreter with @.",
    "name_or_path": "Name the folder.",
}
# Read by parity itself, for the task and the labels.
_READ_HERE = ("architectures", "problem_type", "id2label", "label2id", "num_labels", "pad_token_id")


class Override:
    """One setting that was changed on a config: the object that holds it, its key there, and whether anything read it since."""

    def __init__(self, given: settings.Given, holder: Any, key: str, before: Any, value: Any) -> None:
        self.given = given
        self.holder = holder
        self.key = key
        self.before = before
        self.value = value
        self.read = key in _READ_HERE or isinstance(holder, dict)
        aliases = dict(getattr(holder, "attribute_map", {}) or {})
        self.names = {key, *aliases.get(key, "").split()} | {
            name for name, own in aliases.items() if own == key
        }

    @property
    def note(self) -> str | None:
        """Why it has no effect; None where it may have one."""
        if self.before == self.value and type(self.before) is type(self.value):
            return f"{self.given} has no effect: that is the value in the config."
        if not self.read:
            return f"{self.given} has no effect: the model reads no {self.key}."
        return None


def apply(config: Any, given: list[settings.Given], place: str, host: Host) -> list[Override]:
    """Change the settings on the config, each typed by the value that is there; refuses a key that it does not have."""
    name = f"the config of {place}"
    done: list[Override] = []
    for one in given:
        path = one.key.split(".")
        if path[-1] in _ELSEWHERE:
            raise host.Refusal(
                "bad-option-value", f"{one} is not a setting to change here.", _ELSEWHERE[path[-1]]
            )
        holder: Any = config
        for step in path[:-1]:
            if step not in _keys(holder):
                raise settings.unknown(one, _paths(config), name, host)
            holder = holder[step] if isinstance(holder, dict) else getattr(holder, step)
        if path[-1] not in _keys(holder):
            raise settings.unknown(one, _paths(config), name, host)
        before = holder[path[-1]] if isinstance(holder, dict) else getattr(holder, path[-1], None)
        if hasattr(before, "to_dict") or (
            isinstance(before, dict) and before and len(path) == 1 and path[0] not in ("id2label", "label2id")
        ):
            raise host.Refusal(
                "bad-option-value",
                f"{one} is not one setting: {one.key} of {name} holds several.",
                "Name one of them: "
                + ", ".join(f"config.{one.key}.{key}" for key in _keys(before)[:6])
                + ".",
            )
        value = settings.typed(one, before, name, host)
        try:
            if isinstance(holder, dict):
                holder[path[-1]] = value
            else:
                setattr(holder, path[-1], value)
        except Exception as error:  # transformers 5 checks what is set
            raise host.Refusal(
                "bad-option-value", f"{one} is refused by transformers: {_first(error)}"
            ) from error
        done.append(Override(one, holder, path[-1], before, value))
    return done


class Reads:
    """Watches, until `stop`, which overridden settings are read from their configs, by whatever code: while a model is made and tried out."""

    def __init__(self, overrides: list[Override]) -> None:
        self.overrides = overrides
        self.overridden = [settings.overridden(one.given, one.before, one.value) for one in overrides]
        self._before: dict[Any, Any] = {}
        for one in overrides:
            kind = type(one.holder)
            if not isinstance(one.holder, dict) and kind not in self._before:
                self._before[kind] = kind.__dict__.get("__getattribute__")
                kind.__getattribute__ = self._watched(kind.__getattribute__)

    def stop(self) -> None:
        """Watch no more."""
        for kind, own in self._before.items():
            if own is None:
                del kind.__getattribute__
            else:
                kind.__getattribute__ = own
        self._before = {}

    def notes(self) -> list[str]:
        """The overridden settings without effect, a sentence each."""
        return [one.note for one in self.overrides if one.note is not None]

    def _watched(self, plain: Any) -> Any:
        by_name = {name: one for one in self.overrides for name in one.names}

        def read(config: Any, key: str) -> Any:
            if key in by_name:
                by_name[key].read = True
            return plain(config, key)

        return read


def _keys(holder: Any) -> list[str]:
    """The settings that a config, or a part of one, has."""
    if isinstance(holder, dict):
        return [str(key) for key in holder]
    if not hasattr(holder, "to_dict"):
        return []
    own = [key for key in vars(holder) if not key.startswith("_")]
    properties = [
        name
        for kind in type(holder).__mro__
        for name, value in vars(kind).items()
        if isinstance(value, property) and value.fset is not None and not name.startswith("_")
    ]
    return sorted({*own, *getattr(holder, "attribute_map", {}), *properties} - set(_ELSEWHERE))


def _paths(config: Any) -> list[str]:
    """Every setting by its path, to find the nearest to one that is not there."""
    found = _keys(config)
    for key in list(found):
        inner = getattr(config, key, None)
        if hasattr(inner, "to_dict") or isinstance(inner, dict):
            found += [f"{key}.{name}" for name in _keys(inner)]
    return found


def _first(error: Exception) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__
