"""How a loaded model is served: its weights quantised, its code compiled, a part of it offloaded; as it was loaded where nothing is requested.

All that is read off the ordinary model is read before: its stages, which parameters they need, which of them no file holds.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and transformers are Any here.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from . import compiled, offloaded, quantised

if TYPE_CHECKING:
    from parity._in_process.host import Host

    from .loading import Loaded
    from .options import Options
    from .stages import Stages

__all__ = ["Served", "check", "float64_status", "serve"]


class Served(NamedTuple):
    """What was done, by its name (`quantised`, `compiled`, `device_map`), for a description; and the model's parameters as they are now."""

    settings: dict[str, str]
    parameters: list[dict[str, Any]]
    weights_bytes: int
    notes: list[str]
    stages: Stages

    @property
    def packed(self) -> bool:
        """Whether weights are packed: then there is no float64 run."""
        return "quantised" in self.settings


def check(options: Options, host: Host) -> None:
    """Refuse at once what this interpreter cannot do, and what does not go together."""
    wanted = [
        f"{name}={value}"
        for name, value in (
            ("quantize", options.quantize),
            ("compile", options.compile),
            ("device_map", options.device_map),
        )
        if value is not None
    ]
    if len(wanted) > 1:
        raise host.Refusal(
            "bad-option-value",
            f"{wanted[0]} and {wanted[1]} cannot be used together here.",
            "Compare one of them with the plain model, then the other.",
        )
    quantised.check(options, host)
    offloaded.check(options, host)
    if options.compile is not None:
        compiled.check(host)


def serve(
    loaded: Loaded, options: Options, stages: Stages, rebuilt: Callable[[], Stages], feeds: dict[str, Any]
) -> Served:
    """Serve a model as requested; `rebuilt` finds its stages anew, `feeds` are a row to compile for."""
    model: Any = loaded.model
    host = stages.host
    notes: list[str] = []
    settings: dict[str, str] = {}
    if options.quantize == quantised.DYNAMIC:
        quantised.make_dynamic(model, loaded.name, host)
        stages = _again(stages, rebuilt)
    words = quantised.described(model, loaded.name, options, host)
    parameters = host.tap.parameters(model)
    size = host.tap.weights_bytes(model)
    if words:
        settings["quantised"] = words
        packed = sum(1 for one in parameters if one.get("packed"))
        notes.append(
            f"{packed} of {len(parameters)} parameters are quantised ({words}); there is no float64 run of them."
        )
    if options.compile is not None:
        settings["compiled"] = f"torch.compile, mode {options.compile}, dynamic shapes"
        notes += stages.compile(feeds, loaded.name)
    if options.device_map is not None:
        places = offloaded.dispatch(model, options.device_map, loaded.name, host)
        settings["device_map"] = ", ".join(
            f"{name or 'the rest'} on {place}" for name, place in places.items()
        )
        if set(places.values()) == {"cpu"}:
            notes.append(f"device_map={options.device_map} has no effect: every module stays on the CPU.")
        else:
            notes.append(f"Placed by accelerate: {settings['device_map']}.")
    return Served(settings, parameters, size, notes, stages)


def float64_status(options: Options, status: str) -> str:
    """How a float64 run went: compiled code is not run in it, which is a status of its own."""
    return status if options.compile is None or status.startswith("mixed") else "without torch.compile"


def _again(stages: Stages, rebuilt: Callable[[], Stages]) -> Stages:
    """The stages of a model whose modules were replaced, without those that were excluded."""
    found = rebuilt()
    for stage, parameters in stages.excluded.items():
        found.exclude(stage, parameters)
    return found
