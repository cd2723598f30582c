"""One module changed, one at a time: every module with a weight by a thousandth of its spread, and some by another fault; the module that is named."""

from __future__ import annotations

from pathlib import Path

from proof.faults import FAULTS, apply
from proof.modules import MODULES
from proof.table import Case, Row

TITLE = "Every module with a weight, changed by itself"
EXPECTED = """The weight of one module of a model with four layers is changed by a thousandth of its spread, one module after the other: that module is named
and no other. (Biases are left alone: that of a key cancels in the softmax.) Two modules in layers 1 and 3 at once: both, and only they. Nothing
is named for the twin. Another epsilon or activation (of all layers), another scale, a bias that is dropped, heads in another order: the modules that apply
them."""
COLUMNS = (
    "verdict",
    "modules with an error of their own",
    "stages",
    "isolated / total",
    "multiple of the floor",
)

_AMOUNT = 1e-3


def cases(seed: int) -> list[Case]:
    """Of each architecture a case for every module, one for two modules at once, the twin, and one for each other fault."""
    found: list[Case] = []
    for name, modules in MODULES.items():
        inner = modules.inner
        first = inner[0] if len(modules.layers) == 1 else f"{modules.layers[1]}.{modules.inside[0]}"
        for changed in (*([one] for one in (*modules.beside, *inner)), [first, inner[-1]], []):
            named = " and ".join(changed) or "twin"
            found.append(Case(f"{name}: {named}", _data(name, seed, modules="|".join(changed))))
        found += [Case(f"{name}: {fault}", _data(name, seed, fault=fault)) for fault in FAULTS.get(name, ())]
    return found


def _data(architecture: str, seed: int, **what: str) -> dict[str, str | int | float | bool]:
    return {"architecture": architecture, "seed": seed, **what}


def run(case: Case, folder: Path) -> Row:
    """Build the folder, change it, compare."""
    from proof.audits import compare, write_texts

    model = _build(case, folder / "model")
    modules = _change(case, model, folder / "changed")
    texts = write_texts(folder / "texts.jsonl")
    compared = compare(f"hf:{model}", f"hf:{folder / 'changed'}", folder / "audit", "--inputs", str(texts))
    audit = compared.audit
    if audit is None:
        return Row((compared.verdict, "", "", "", ""), compared.complaint.strip() or "it was not compared")
    found = [one.module.candidate for one in audit.origins]
    shares = [
        f"{one.isolated_relative_l2 or 0.0:.0e} / {one.total_relative_l2 or 0.0:.0e}" for one in audit.origins
    ]
    least = min((one.times_floor or 0.0 for one in audit.origins), default=0.0)
    cells = (
        audit.verdict,
        ", ".join(found),
        ", ".join(stage for one in audit.origins for stage in one.stages),
        ", ".join(shares),
        "more than 1e6" if least > 1e6 else f"{least:.0e}" if found else "",
    )
    return Row(cells, "" if found == modules else f"named {found} where {modules} was changed")


def _build(case: Case, folder: Path) -> Path:
    from proof.tiny import build
    from proof.vary import tensor_names

    architecture = str(case.data["architecture"])
    known = MODULES[architecture]
    model = build(architecture, folder, seed=int(case.data["seed"]), **known.fields)
    listed = sorted(known.weight(one) for one in (*known.beside, *known.inner))
    if listed != [name for name in tensor_names(model) if name.endswith("weight")]:
        raise ValueError(f"The list of the modules of {architecture} is not the model's.")
    return model


def _change(case: Case, model: Path, out: Path) -> list[str]:
    """Write what the model is compared with, and return the modules that are to be named."""
    from proof.vary import change_tensor, copy, vary

    if "fault" in case.data:
        fault = FAULTS[str(case.data["architecture"])][str(case.data["fault"])]
        copy(model, out, **fault.fields)
        if fault.tensor:
            change_tensor(out, fault.tensor, lambda tensor: apply(fault, tensor))
        return [*fault.modules]
    modules = [one for one in str(case.data["modules"]).split("|") if one]
    if modules:
        known = MODULES[str(case.data["architecture"])]
        vary(model, out, [known.weight(one) for one in modules], _AMOUNT, seed=int(case.data["seed"]))
    else:
        copy(model, out)
    return modules
