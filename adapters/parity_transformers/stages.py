"""The actual stages of one model: the tap's places and the model's outputs, found by one trial forward."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownLambdaType=false
# Values from torch, transformers and JSON files are Any here.

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Generator, Iterator, Sequence

import torch

from . import compiled, execution, tasks

if TYPE_CHECKING:
    from parity._in_process.host import Host, Write
    from parity._in_process.sites import Site

    from .sentence_layers import Modules

__all__ = ["Stages", "encoder_alone"]


class Stages:
    """The places that are reached, their order, and the outputs that are separate stages.

    One small forward shows what the module tree only suggests: a pooler may never be called, a list of blocks may
    not be the one that runs.
    """

    def __init__(
        self,
        host: Host,
        model: Any,
        row: tasks.Row,
        probe: dict[str, list[list[int]]],
        modules: Modules,
    ) -> None:
        self.host = host
        self._tap = tap = host.tap
        self._model = model
        self._compiled: compiled.Compiled | None = None
        self._choices = row.choices
        self._modules = modules
        self.excluded: dict[str, list[str]] = {}
        sites = list(tap.locate(model))
        if "decoder_input_ids" in probe:
            sites = tap.of_two_texts(sites)
        tensors = {name: torch.tensor(ids, device=model.device) for name, ids in probe.items()}
        seen: list[tuple[str, Any, tuple[str, ...]]] = []

        def keep(stage: str, value: Any, axes: Any) -> None:
            seen.append((stage, value.clone(), tuple(axes)))

        with tap.Tap(sites, keep, _shape(tensors), _targets(tensors)) as tapped:
            outputs = self._call(tensors)
        places = {site.name: site for site in sites}
        order = [stage for stage, _, _ in seen]
        self._sites = [places[stage] for stage in order]
        hidden = [one for _, one, axes in seen if axes[-1:] == tap.HIDDEN[-1:]]
        self._outputs = _output_stages(outputs, row.outputs, hidden)
        self.notes = [f"{name} could not be read: it is {why}." for name, why in tapped.unfit.items()]
        # Details too, so that they can be requested by name.
        self.listed: list[dict[str, Any]] = [
            {"name": site.name, "axes": list(site.axes), "module": site.module_name}
            for site in self._sites
            if site.name != "position_ids"
        ]
        self.listed += [
            {"name": stage, "axes": list(axes), "module": None}
            for stage, axes in self._outputs.values()
            if stage not in order
        ]
        self.listed += [
            {"name": stage, "axes": ["row", "hidden"], "module": None}
            for stage, _ in self._of_modules(outputs, tensors)
        ]

    @property
    def scope(self) -> str:
        """Whether layers are among the stages."""
        layers = any(one["name"] in ("layer.0", "encoder.layer.0") for one in self.listed)
        return "full" if layers else "outputs"

    def compile(self, feeds: dict[str, Any], name: str) -> list[str]:
        """Let compiled code run from now on, but in float64; notes on what was compiled. `feeds` are a row: two of it are run first."""
        self._sites = [site for site in self._sites if not site.detail]
        kept = {site.name for site in self._sites} | {stage for stage, _ in self._outputs.values()}
        self.listed = [one for one in self.listed if one["name"] in kept or one["module"] is None]
        self._compiled = compiled.Compiled(self.host, self._call, self._sites)
        lost = self._compiled.try_out(self._tensors({key: values * 2 for key, values in feeds.items()}), name)
        self._sites = [site for site in self._sites if site.name not in lost]
        given = {
            stage for stage, _ in self._outputs.values()
        }  # among what the compiled code returns in any case
        lost = [name for name in lost if name not in given]
        self.listed = [one for one in self.listed if one["name"] not in lost]
        graphs = "1 graph" if self._compiled.graphs == 1 else f"{self._compiled.graphs} graphs"
        notes = [
            f"torch.compile made {graphs}; every forward is checked to run compiled code, and its stages come out of it."
        ]
        breaks = self._compiled.breaks
        if breaks:
            notes.append(
                f"The compiler stopped inside {name}, and what lies between its graphs runs uncompiled: {breaks[0]}"
            )
        if lost:
            notes.append(f"Not captured inside the compiled code: {', '.join(lost)}.")
        return notes

    @contextlib.contextmanager
    def uncompiled(self) -> Generator[None, None, None]:
        """Run the model as it was loaded for a while, where it is compiled."""
        code, self._compiled = self._compiled, None
        try:
            yield
        finally:
            self._compiled = code

    def run(
        self, tensors: dict[str, Any], shape: tuple[int, int], stages: Sequence[str] | None, write: Write
    ) -> None:
        """One forward of these tensors, the requested stages (None: all but details) written as they are computed."""
        wanted, code = self._wanted(stages), self._compiled
        tap = self._tap.Tap(wanted if code is None else [], write, shape, _targets(tensors))
        with torch.no_grad(), tap as tapped:
            outputs = self._call(tensors) if code is None else code.forward(tensors, tapped, wanted)
        for key, (stage, axes) in self._outputs.items():
            if (stages is None or stage in stages) and stage not in tapped.written:
                write(stage, outputs[key], axes)
        for stage, value in self._of_modules(outputs, tensors):
            if stages is None or stage in stages:
                write(stage, value, ("row", "hidden"))

    def _call(self, tensors: dict[str, Any]) -> Any:
        """The model's outputs. One that takes an axis of choices is given one choice a row: it runs each by itself in any case."""
        given = {name: value.unsqueeze(1) for name, value in tensors.items()} if self._choices else tensors
        return self._model(**given, return_dict=True)

    @property
    def isolates(self) -> bool:
        """Whether layers can be given other inputs: compiled code passes by what would give them."""
        return self._compiled is None

    def intervene(self, whole: Any, asked: dict[str, Any], write: Write, read: Any) -> Any:
        """What the layers of one forward are called with: shown, or given (`layer_calls.py`); `whole` is the model that names them.

        Or the head on every layer (`head_replay.py`).
        """
        if "lens" in asked:
            replay = self.host.head_replay.HeadReplay
            return replay(self._model, self._sites, self._as_stages, asked, write, read)
        base = getattr(self._model, "base_model", self._model)
        head = None if base is self._model else base
        return self.host.layer_calls.watch_calls(whole, head, self._sites, asked, write, read)

    def _as_stages(self, outputs: Any) -> list[tuple[str, Any, tuple[str, ...]]]:
        """The model's outputs that are stages, with their axes."""
        return [(stage, outputs[key], axes) for key, (stage, axes) in self._outputs.items()]

    def _of_modules(self, outputs: Any, tensors: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """What the modules after the model make of its last hidden states."""
        if self._modules.stages:
            yield from self._modules.run(outputs["last_hidden_state"], tensors.get("attention_mask"))

    def execution(self, whole: Any, feeds: dict[str, Any]) -> execution.Execution:
        """Which parameters of `whole`, the model that this one is or is in, the stages need, found by one forward of `feeds`."""
        tensors = self._tensors(feeds)
        order = [one["name"] for one in self.listed if not self._is_detail(one["name"])]

        def forward(keep: Any) -> Any:
            with self._tap.Tap(
                self._wanted(None),
                lambda name, tensor, _: keep(name, tensor),
                _shape(tensors),
                _targets(tensors),
            ):
                outputs = self._call(tensors)
            for key, (stage, _) in self._outputs.items():
                keep(stage, outputs[key])
            for stage, value in self._of_modules(outputs, tensors):
                keep(stage, value)
            return outputs

        return execution.of_forward(whole, forward, order, ["pooled"], packed=self._tap.is_packed(whole))

    def exclude(self, stage: str, parameters: list[str]) -> None:
        """Exclude a stage: it is computed with parameters that no file holds, and nothing else needs them."""
        self.excluded[stage] = parameters
        self._sites = [site for site in self._sites if site.name != stage]
        self._outputs = {key: one for key, one in self._outputs.items() if one[0] != stage}
        self.listed = [one for one in self.listed if one["name"] != stage]

    def _tensors(self, feeds: dict[str, Any]) -> dict[str, Any]:
        return {
            name: torch.tensor(values, dtype=torch.long, device=self._model.device)
            for name, values in feeds.items()
        }

    def _is_detail(self, name: str) -> bool:
        return any(site.detail for site in self._sites if site.name == name)

    def _wanted(self, stages: Sequence[str] | None) -> list[Site]:
        if stages is None:
            return [site for site in self._sites if not site.detail]
        return [site for site in self._sites if site.name in stages or site.name == "position_ids"]


def _shape(tensors: dict[str, Any]) -> tuple[int, int]:
    """Rows and tokens."""
    rows, tokens = tensors["input_ids"].shape
    return int(rows), int(tokens)


def _targets(tensors: dict[str, Any]) -> int | None:
    """The positions that a decoder is given, where it reads another text."""
    ids = tensors.get("decoder_input_ids")
    return None if ids is None else int(ids.shape[1])


def _output_stages(outputs: Any, named: tasks.Outputs, hidden: Sequence[Any]) -> tasks.Outputs:
    """The model's outputs that are stages, by the key they have there: the stage's name and axes."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for key, value in outputs.items():
        if not isinstance(value, torch.Tensor) or not value.dtype.is_floating_point:
            continue
        if key in named:
            found[key] = named[key]
        elif key == "pooler_output":
            found[key] = ("pooled", ("row", "hidden"))
        # Most often the last block's output itself, or that of the norm after it: one stage suffices.
        elif key.endswith("last_hidden_state") and not any(torch.equal(value, one) for one in hidden):
            found[key] = ("output." + key, ("row", "token", "hidden"))
    return found


def encoder_alone(model: Any, row: tasks.Row) -> Any:
    """The encoder of a bare encoder-decoder; None where there is none."""
    if row.head or not getattr(model.config, "is_encoder_decoder", False):
        return None
    try:
        encoder = model.get_encoder()
    except Exception:  # noqa: BLE001  # some have the method and no encoder
        return None
    return None if encoder is model else encoder
