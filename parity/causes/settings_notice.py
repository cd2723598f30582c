"""A notice of settings that hold other values and that no cause names: these inputs may not exercise them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from parity.align.changed_settings import Setting, changed_settings
from parity.align.names import some
from parity.causes.cause import Suspicion
from parity.causes.evidence import Evidence
from parity.causes.notice import notice
from parity.records.finding import Finding

__all__ = ["settings_notice", "unexercised_settings"]

_MOST = 100
_UNUSED = "Settings differ that these inputs do not exercise: give inputs that do, or explain the difference."


def settings_notice(evidence: Evidence, seen: Iterable[Suspicion]) -> Iterator[Finding]:
    """One notice of all such settings, with the values of both sides."""
    settings = _unnamed(changed_settings(evidence.described), {name for one in seen for name in one.settings})
    if not settings:
        return
    words = some([setting.in_words() for setting in settings])
    count = "1 setting differs" if len(settings) == 1 else f"{len(settings)} settings differ"
    of_tokenizer = all(setting.name.startswith("tokenizer.") for setting in settings)
    yield notice(
        "input_ids" if of_tokenizer else "embeddings",
        f"{count}: {words}.",
        {"settings": {item.name: [item.reference, item.candidate] for item in settings[:_MOST]}},
        could_hide=True,
        remedy="" if evidence.first is not None else _UNUSED,
    )


def unexercised_settings(evidence: Evidence, seen: Iterable[Suspicion]) -> list[str]:
    """The settings that differ, except those of which an effect was observed: those that these inputs may not exercise."""
    observed = {name for one in seen if one.standing == "observed" for name in one.settings}
    return [setting.name for setting in _unnamed(changed_settings(evidence.described), observed)]


def _unnamed(settings: Iterable[Setting], named: Collection[str]) -> list[Setting]:
    """The settings that are not among these names nor below one of them."""
    return [
        setting
        for setting in settings
        if not any(setting.name == name or setting.name.startswith(f"{name}.") for name in named)
    ]
