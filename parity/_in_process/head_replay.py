"""A model's own head applied to what each of its layers returned: the logits that the model would give if it ended there.

One forward runs as it is, and what each layer returns in it is kept. Then the model is called again with the same arguments, once for each
layer: no layer computes anything there, every one returns the hidden states in question. So whatever stands after the last layer
(a norm, a pooler, a head) runs as the model has it, and nothing of the architecture needs to be known. For the last layer this
must give the model's own logits bit for bit. Where it does not (a head that reads other layers as well), nothing is written, and the
answer has the reason.

`asked["lens"]` is `{"output": stage, "top": k}`. Of an output over a vocabulary only k columns are written, the largest at the last layer
or those that are given as the tensor `columns`, and beside them the column of the largest of all.
The layers are as they were afterwards; no parameter is touched.
"""

# Values from torch are Any here.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from typing import Any, Callable, Iterable, Sequence, Tuple

import torch

from .call_values import FIRST, first_leaf, named_arguments
from .replaced_forward import replace_forward
from .sites import Site

__all__ = ["HeadReplay"]

Write = Callable[[str, Any, Sequence[str]], None]
Outputs = Callable[[Any], Iterable[Tuple[str, Any, Sequence[str]]]]
_DECODER = "decoder."
_VOCABULARY = "vocabulary"


class _Unlike(Exception):
    """The head cannot be applied to other layers, for this reason."""


class HeadReplay:
    """A context manager around one forward; the replays come after it, in `answer`.

    `outputs` gives what the model returned as stages with their axes, `read` a given tensor by its name.
    """

    def __init__(
        self,
        model: Any,
        sites: Sequence[Site],
        outputs: Outputs,
        asked: dict[str, Any],
        write: Write,
        read: Any,
    ) -> None:
        self._model = model
        self._outputs = outputs
        self._output = asked["lens"]["output"]
        self._top = int(asked["lens"]["top"])
        self._write = write
        self._read = read
        layers = [site for site in sites if ".".join(site.name.split(".")[-2:-1]) == "layer"]
        self._whole = all(site.block for site in layers)
        self._blocks = {id(site.module): site.module for site in layers}
        decoder = [site for site in layers if site.name.startswith(_DECODER)]
        # The stack that the head is on, and the key of each of its layers: a shared block has several.
        self._keys = {site.name: (id(site.module), site.call) for site in decoder or layers}
        self._first = next(iter(self._keys), "").partition("layer.")[0] + "embeddings"
        self._hidden: dict[str, Any] = {}
        self._returned: dict[tuple[int, int], Any] = {}
        self._calls: list[tuple[Any, Any, Any]] = []
        self._undo: list[Callable[[], None]] = []

    def noting(self, write: Write) -> Write:
        """The same writer: the forward itself is written as it is."""
        return write

    def __enter__(self) -> HeadReplay:  # noqa: PYI034 (Self is not in Python 3.8)
        inner = self._model.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            output = inner(*args, **kwargs)
            self._calls.append((args, kwargs, output))
            return output

        self._undo.append(replace_forward(self._model, forward))
        for block in self._blocks.values():
            self._undo.append(replace_forward(block, self._kept(block)))
        return self

    def __exit__(self, *_: object) -> None:
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()

    def answer(self) -> dict[str, Any]:
        """Apply the head to every layer and write what it gives: the stages that were written, or why there are none."""
        found: dict[str, Any] = {}
        try:
            with torch.no_grad():
                found = self._replayed()
        except _Unlike as unlike:
            return {"lens": {"stages": [], "reason": str(unlike)}}
        except Exception as error:  # noqa: BLE001  # a model may refuse what it is not made for with any error
            told = str(error).strip().partition("\n")[0].rstrip(".")
            reason = f"its head cannot be applied to other layers: {type(error).__name__}: {told}"
            return {"lens": {"stages": [], "reason": reason}}
        for name, (values, axes) in found.items():
            self._write(name, values, axes)
        return {"lens": {"stages": list(self._hidden), "reason": ""}}

    def _kept(self, block: Any) -> Callable[..., Any]:
        """The forward of a block, which keeps what it takes first and what it returns."""
        inner, calls = block.forward, [0]

        def forward(*args: Any, **kwargs: Any) -> Any:
            key = (id(block), calls[0])
            calls[0] += 1
            if key == next(iter(self._keys.values())):
                taken = {name: value for name, _, value in named_arguments(inner, args, kwargs)}
                if isinstance(taken.get(FIRST), torch.Tensor):
                    self._hidden[self._first] = taken[FIRST].detach().clone()
            output = inner(*args, **kwargs)
            self._returned[key] = output
            for name, place in self._keys.items():
                if place == key and first_leaf(output) is not None:
                    # A copy: the next layer may write into it.
                    self._hidden[name] = first_leaf(output).detach().clone()
            return output

        return forward

    def _replayed(self) -> dict[str, Any]:
        """Every stage that is to be written, once the last layer has given the model's own logits."""
        if not self._keys or not self._whole:
            raise _Unlike("its layers are not modules of their own")
        if len(self._calls) != 1 or set(self._keys) - set(self._hidden):
            raise _Unlike("its layers are not called as they are listed")
        own, axes = self._of(self._calls[0][2])
        wide = axes[-1] == _VOCABULARY
        columns = None
        found: dict[str, Any] = {}
        if wide:
            columns = self._read("columns") if self._read is not None else own.topk(self._top, dim=-1).indices
            columns = columns.to(own.device).long()
            axes = (*axes[:-1], "other")
            found["lens.columns"] = (columns, axes)
        last = list(self._keys)[-1]
        # The last layer comes last: it also shows that the others have changed nothing.
        for name in [one for one in self._hidden if one != last] + [last]:
            logits = self._of(self._replay(self._hidden[name]))[0]
            if name == last and not _same(logits, own):
                raise _Unlike(
                    "its head, applied to its own last layer, does not give the model's logits: it reads more than that"
                )
            if columns is None:
                found["lens." + name] = (logits, axes)
            else:
                found["lens." + name] = (logits.gather(-1, columns), axes)
                found["lens." + name + ".best"] = (logits.argmax(dim=-1, keepdim=True), axes)
        return found

    def _of(self, output: Any) -> tuple[Any, tuple[str, ...]]:
        """The output that is asked for, with its axes."""
        for stage, values, axes in self._outputs(output):
            if stage == self._output:
                return values, tuple(axes)
        raise _Unlike(f"its head does not return {self._output}")

    def _replay(self, hidden: Any) -> Any:
        """What the model returns if every layer returns these hidden states."""
        counts: dict[int, int] = {}
        stack = set(self._keys.values())

        def passing(block: Any) -> Callable[..., Any]:
            def forward(*_: Any, **__: Any) -> Any:
                key = (id(block), counts.get(id(block), 0))
                counts[id(block)] = key[1] + 1
                if key not in self._returned:
                    raise _Unlike("its layers are not called as before when the model is called again")
                before = self._returned[key]
                return _with_first(before, hidden.clone()) if key in stack else before

            return forward

        args, kwargs, _ = self._calls[0]
        undo = [replace_forward(block, passing(block)) for block in self._blocks.values()]
        try:
            output = self._model(*args, **kwargs)
        finally:
            for one in reversed(undo):
                one()
        if sum(counts.values()) != len(self._returned):
            raise _Unlike("its layers are not called as before when the model is called again")
        return output


def _with_first(output: Any, hidden: Any) -> Any:
    """What a layer returned, with other hidden states as its first tensor."""
    first = first_leaf(output)
    if first is None or first.shape != hidden.shape:
        raise _Unlike("its layers return hidden states of more than one shape")
    if output is first:
        return hidden
    if isinstance(output, dict):
        return type(output)(**{name: hidden if one is first else one for name, one in output.items()})
    return type(output)(hidden if one is first else one for one in output)


def _same(one: Any, other: Any) -> bool:
    """Whether two outputs are the same numbers; a NaN equals a NaN."""
    if one.shape != other.shape:
        return False
    return bool(((one == other) | (one.isnan() & other.isnan())).all())
