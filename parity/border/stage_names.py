"""The names that a comparison has for the stages of one side, where these are not the runner's own: a map joins stages of unlike names.

The runner knows nothing of it. Names are exchanged in what it is asked for, in what it writes, and in what it shows of its layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

from msgspec.structs import replace

from parity.border.description import Description
from parity.border.reply import StageTensor

__all__ = ["StageNames"]

_OWN = "the candidate's {}"


class StageNames(NamedTuple):
    """`known` are the names of the comparison by the runner's."""

    known: Mapping[str, str] = {}

    @classmethod
    def joined(cls, joined: Mapping[str, str], offered: Iterable[str]) -> Self:
        """The names for `joined` stages, and other ones for those of the `offered` whose names are taken by them."""
        taken = set(joined.values())
        others = {name: _OWN.format(name) for name in offered if name in taken and name not in joined}
        return cls({**joined, **others})

    def of(self, name: str) -> str:
        """The comparison's name of a runner's stage."""
        return self.known.get(name, name)

    def runners(self, name: str) -> str:
        """The runner's name of a stage."""
        return next((own for own, other in self.known.items() if other == name), name)

    def described(self, described: Description) -> Description:
        """A description with the comparison's names."""
        if not self.known:
            return described
        stages = [replace(seen, name=self.of(seen.name)) for seen in described.stages]
        return replace(
            described,
            stages=stages,
            drawn={self.of(name): one for name, one in described.drawn.items()},
            excluded={self.of(name): one for name, one in described.excluded.items()},
        )

    def tensors(self, stages: Mapping[str, StageTensor]) -> dict[str, StageTensor]:
        """What a runner wrote, with the comparison's names."""
        return {self.of(name): one._replace(name=self.of(name)) for name, one in stages.items()}

    def asked(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What a forward is to be given, with the runner's names."""
        found = dict(fields)
        if "stages" in (found.get("give") or {}):
            stages = {self.runners(name): one for name, one in found["give"]["stages"].items()}
            found["give"] = {**found["give"], "stages": stages}
        if "lens" in found:
            found["lens"] = {**found["lens"], "output": self.runners(found["lens"]["output"])}
        return found

    def calls(self, answer: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """What a runner showed of its layers, with the comparison's names."""
        if answer is None or not self.known:
            return answer
        found = dict(answer)
        for field in ("calls", "order"):
            if field in found:
                found[field] = [self._named(one) for one in found[field]]
        if "layers" in found:
            found["layers"] = {self.of(name): one for name, one in found["layers"].items()}
        if "lens" in found:
            found["lens"] = {**found["lens"], "stages": [self.of(name) for name in found["lens"]["stages"]]}
        return found

    def _named(self, one: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: self.of(value) if key in ("layer", "end", "stage") and isinstance(value, str) else value
            for key, value in one.items()
        }
