"""What makes one vector of a text from those of its tokens: pooling, a dense layer, normalisation, as sentence-transformers computes them."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownLambdaType=false
# Values from torch are Any here.

from __future__ import annotations

from typing import Any, Callable, Iterator

import torch

__all__ = ["MODES", "Dense", "Modules", "Normalize", "Pooling", "linear_layer"]

MODES = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
"""The ways to pool, in the order in which several are joined."""
_HALF = (torch.float16, torch.bfloat16)


class Pooling(torch.nn.Module):
    """One vector a row from those of its tokens, by each mode; what the attention mask leaves out takes no part."""

    def __init__(self, modes: tuple[str, ...]) -> None:
        super().__init__()
        self.modes = modes

    def forward(self, hidden: Any, mask: Any) -> Any:
        """[rows, tokens, hidden] and a mask of 0 and 1 [rows, tokens] to [rows, modes * hidden]."""
        return torch.cat([_POOLED[mode](hidden, mask) for mode in self.modes], dim=-1)


class Dense(torch.nn.Module):
    """A linear layer with an activation, and where it says so with its input added."""

    def __init__(self, linear: Any, activation: Any, residual: Any) -> None:
        super().__init__()
        self.linear = linear
        self.activation = activation
        self.residual = residual

    def forward(self, value: Any, _: Any) -> Any:
        """[rows, in] to [rows, out]."""
        found = self.activation(self.linear(value))
        return found if self.residual is None else found + self.residual(value)


class Normalize(torch.nn.Module):
    """Each row divided by its length."""

    def forward(self, value: Any, _: Any) -> Any:
        """[rows, hidden] to the same."""
        return torch.nn.functional.normalize(value, p=2, dim=-1)


class Modules(torch.nn.Module):
    """The chain that is run after the transformer; `stages` are the names of its results.

    `entries` are the places in modules.json that are run, the transformer's included. `whole` says that nothing follows them, so
    that what comes out is the embedding; `unusable` why the first one that is not run is not, empty where its kind is not known.
    `settings` are those of the folder that change what is computed, as a config lists them; `folder` is the folder's name, empty
    where only `?pooling=` says how to pool. Texts are cut to `max_length` tokens (None: not by these).
    """

    def __init__(self, settings: dict[str, Any], folder: str = "") -> None:
        super().__init__()
        self.folder = folder
        self.max_length: int | None = None
        self._lower = False
        self._prompt = ""
        self.chain = torch.nn.ModuleDict()
        self.stages: list[str] = []
        self.entries: set[int] = set()
        self.whole = True
        self.unusable = ""
        self.settings = settings

    @property
    def embeds(self) -> bool:
        """Whether an embedding comes out."""
        return self.whole and bool(self.stages)

    @property
    def found_by(self) -> str:
        """Where the modules were found; empty without any."""
        return "" if not self.stages else "modules.json" if self.folder else "?pooling="

    def add(self, stage: str, module: Any) -> None:
        """The next module; a second one of its kind has a number."""
        count = sum(1 for known in self.stages if known.partition(".")[0] == stage)
        self.stages.append(stage if not count else f"{stage}.{count + 1}")
        self.chain[self.stages[-1].replace(".", "_")] = module

    def read(self, transformer: dict[str, Any], library: dict[str, Any]) -> None:
        """Take the settings beside the transformer and those of the whole folder: how texts are changed and cut."""
        length = transformer.get("max_seq_length")
        self.max_length = length if isinstance(length, int) and length > 0 else None
        self._lower = bool(transformer.get("do_lower_case"))
        prompts, name = library.get("prompts"), library.get("default_prompt_name")
        prompt = prompts.get(name) if isinstance(prompts, dict) else None
        self._prompt = prompt if isinstance(prompt, str) else ""
        if self._lower:
            self.settings["embedding.do_lower_case"] = True
        if self._prompt:
            self.settings["embedding.prompt"] = self._prompt

    def text(self, text: str) -> str:
        """A text as the folder has it read: after its default prompt, and in lower case where it says so."""
        whole = self._prompt + text
        return whole.lower() if self._lower else whole

    def after(self, model: Any) -> Any:
        """The model and these as one module, whose parameters are theirs."""
        return torch.nn.ModuleList([model, self])

    def parameters_of(self, tap: Any) -> list[dict[str, Any]]:
        """Their parameters as a description lists them, by the stage that they make."""
        found: list[dict[str, Any]] = tap.parameters(self.chain)
        return found

    def run(self, hidden: Any, mask: Any) -> Iterator[tuple[str, Any]]:
        """Each stage with its value; `mask` None where every token counts."""
        if mask is None:
            mask = torch.ones(hidden.shape[:2], dtype=torch.long, device=hidden.device)
        value = hidden
        for stage, module in zip(self.stages, self.chain.values()):
            value = module(value, mask)
            yield stage, value
        if self.embeds:
            yield "embedding", value


def linear_layer(weight: Any, bias: Any) -> Any:
    """A linear layer with these weights."""
    made = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    made.weight.data = weight.float()
    if bias is not None:
        made.bias.data = bias.float()
    return made


def _cls(hidden: Any, mask: Any) -> Any:
    first = mask.to(torch.int).argmax(dim=1)
    return hidden[torch.arange(len(hidden), device=hidden.device), first]


def _max(hidden: Any, mask: Any) -> Any:
    return hidden.masked_fill(mask.unsqueeze(-1) == 0, float("-inf")).max(dim=1).values


def _mean(hidden: Any, mask: Any) -> Any:
    return _weighted(hidden, mask.to(_wide(hidden)))


def _mean_sqrt(hidden: Any, mask: Any) -> Any:
    weights = mask.unsqueeze(-1).to(_wide(hidden))
    return ((hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-9).sqrt()).to(hidden.dtype)


def _weighted_mean(hidden: Any, mask: Any) -> Any:
    """Later tokens weigh more: by their number from the first real one."""
    start = mask.to(torch.int).argmax(dim=1, keepdim=True)
    numbers = torch.arange(1, hidden.shape[1] + 1, device=hidden.device).unsqueeze(0) - start
    return _weighted(hidden, (mask * numbers).to(_wide(hidden)))


def _weighted(hidden: Any, weights: Any) -> Any:
    weights = weights.unsqueeze(-1)
    return ((hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-9)).to(hidden.dtype)


def _last(hidden: Any, mask: Any) -> Any:
    places = torch.arange(mask.shape[1], device=mask.device)
    last = (places * (mask > 0)).max(dim=1).values
    return hidden[torch.arange(len(hidden), device=hidden.device), last]


def _wide(hidden: Any) -> Any:
    """What sums are made in: half precision loses a mean of many tokens."""
    return torch.float32 if hidden.dtype in _HALF else hidden.dtype


_POOLED: dict[str, Callable[[Any, Any], Any]] = {
    "cls": _cls,
    "max": _max,
    "mean": _mean,
    "mean_sqrt_len_tokens": _mean_sqrt,
    "weightedmean": _weighted_mean,
    "lasttoken": _last,
}
