"""Which parameters a forward runs: found by walking the graph that autograd keeps from an output back to its leaves.

Hooks show which modules were called, and miss a weight that a parent uses directly; the graph misses nothing. No gradient
is computed: the cost is one short forward with gradients on. Where a model cannot be run this way, hooks are used.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownLambdaType=false
# Values from torch, transformers and JSON files are Any here.

from __future__ import annotations

from typing import Any, Callable, Iterable

import torch

__all__ = ["Execution", "of_forward"]


class Execution:
    """What one forward ran: for each stage the names of the parameters that it needs and no stage before it did.

    `elsewhere` are those that only an output needs which is not a stage; `whole` says that there was a graph to walk.
    """

    def __init__(self, needs: dict[str, set[str]], elsewhere: set[str], whole: bool) -> None:
        self.needs = needs
        self.elsewhere = elsewhere
        self.whole = whole

    @property
    def reached(self) -> set[str]:
        """The parameters that some stage needs."""
        return set().union(*self.needs.values())


def of_forward(
    model: Any,
    forward: Callable[[Callable[[str, Any], None]], Any],
    first: Iterable[str],
    last: Iterable[str],
    *,
    packed: bool = False,
) -> Execution:
    """What a forward of `model` ran. `forward(keep)` runs it, passes every stage to `keep(name, tensor)` and returns the outputs.

    Through `packed` weights no graph leads, or only a part of it: hooks are used. `first` are the stages in order; `last` those that are examined after all others, so that theirs are the parameters that nothing else needs.
    """
    if packed:
        return Execution({"": _called(model, forward)}, set(), False)
    seen: dict[str, Any] = {}
    parameters = [one for one in model.parameters() if one.is_floating_point() or one.is_complex()]
    before = [one.requires_grad for one in parameters]
    order = [name for name in first if name not in set(last)]
    outputs: Any = None
    silent: set[int] = set()
    undo = _hooked(model, silent)
    try:
        for one in parameters:
            one.requires_grad_(True)
        with torch.enable_grad():
            outputs = forward(lambda name, tensor: seen.setdefault(name, tensor))
        names = _names(model)
        walked: set[Any] = set()
        needs = {name: _behind([seen[name]], names, walked) for name in [*order, *last] if name in seen}
        elsewhere = _behind(_tensors(outputs), names, walked)
        whole = bool(set().union(*needs.values())) if needs else False
    except Exception:  # noqa: BLE001  # in-place work on a leaf, a conversion to numpy: models may do anything without gradients
        whole, needs, elsewhere = False, {}, set()
    finally:
        for one in undo:
            one.remove()
        seen.clear()
        for one, flag in zip(parameters, before):
            one.requires_grad_(flag)
    if not whole:
        return Execution({"": _called(model, forward)}, set(), False)
    fixed = {name for name, one in _named(model) if not (one.is_floating_point() or one.is_complex())}
    needs.setdefault("", set()).update(fixed)  # packed integers have no gradients, so they are unknown
    return Execution(needs, elsewhere, True)


def _hooked(model: Any, silent: set[int]) -> list[Any]:
    """Hooks that record every leaf module with parameters and an output without a graph."""

    def note(module: Any, _: Any, output: Any) -> None:
        if not any(one.requires_grad for one in _tensors(output)):
            silent.add(id(module))

    return [
        module.register_forward_hook(note)
        for module in model.modules()
        if module._parameters and not any(True for _ in module.children())
    ]


def _named(model: Any) -> list[tuple[str, Any]]:
    """Every parameter under every name it has."""
    return [
        (path + "." + name if path else name, one)
        for path, module in model.named_modules(remove_duplicate=False)
        for name, one in module._parameters.items()
        if one is not None
    ]


def _names(model: Any) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    for name, one in _named(model):
        names.setdefault(id(one), []).append(name)
    return names


def _behind(tensors: Iterable[Any], names: dict[int, list[str]], walked: set[Any]) -> set[str]:
    """The parameters that these tensors were computed from, except those found before."""
    waiting = [one.grad_fn for one in tensors if one.grad_fn is not None]
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        if node in walked:
            continue
        walked.add(node)
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            found.update(names.get(id(leaf), ()))
        waiting.extend(one for one, _ in node.next_functions if one is not None)
    return found


def _tensors(value: Any) -> list[Any]:
    """Every tensor in a model's outputs, however deep."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [one for part in value for one in _tensors(part)]
    return []


def _called(model: Any, forward: Callable[[Callable[[str, Any], None]], Any]) -> set[str]:
    """The parameters of the modules that were called, and of leaf modules with a parent that was called."""
    called: set[int] = set()
    undo = [module.register_forward_hook(lambda one, *_: called.add(id(one))) for module in model.modules()]
    try:
        with torch.no_grad():
            forward(lambda name, tensor: None)
    finally:
        for one in undo:
            one.remove()
    found: set[str] = set()
    for path, module in model.named_modules(remove_duplicate=False):
        parent = model.get_submodule(path.rpartition(".")[0]) if path else module
        leaf = not any(True for _ in module.children())
        if id(module) in called or (leaf and id(parent) in called and not _callable(module)):
            found.update(path + "." + name if path else name for name in module._parameters)
    return found


def _callable(module: Any) -> bool:
    """Whether a module has a forward: one without only holds weights."""
    return type(module).forward is not torch.nn.Module.forward
