"""parity: do two runs of the same model give the same results?

    import parity

    audit = parity.compare("hf:./bert", "hf:./port", inputs="reviews.jsonl")
    audit.verdict, audit.headline, audit.stages      # the record: everything that was measured
    audit.save("parity-audit")                       # audit.json and the reports
    assert audit                                     # fails with the verdict and the headline

Every name is imported when it is used first, so that `import parity` costs nothing. Errors are `ParityError`s: a sentence with
the value, and `next_step`. The command line (`parity --help`) calls these functions and nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity.api.assertion import assert_parity as assert_parity
    from parity.api.audits import Audit as Audit
    from parity.api.audits import SeedAudit as SeedAudit
    from parity.api.audits import load_audit as load_audit
    from parity.api.pair import compare as compare
    from parity.api.pairing import pairing as pairing
    from parity.api.runs import seeds as seeds
    from parity.api.subject import inspect as inspect
    from parity.api.subject import record as record
    from parity.environments.resolve import Managed as Managed
    from parity.environments.resolve import ThisInterpreter as ThisInterpreter
    from parity.errors import ParityError as ParityError
    from parity.errors import RunError as RunError
    from parity.errors import UsageError as UsageError
    from parity.inputs.spec import InputsSpec as InputsSpec
    from parity.records.inspection import Inspection as Inspection
    from parity.session.conformance import check_adapter as check_adapter
    from parity.subjects.adapter import Adapter as Adapter
    from parity.subjects.adapter import Option as Option
    from parity.subjects.progress import Progress as Progress
    from parity.subjects.subject import Subject as Subject

_PLACES = {
    "Adapter": "parity.subjects.adapter",
    "Audit": "parity.api.audits",
    "InputsSpec": "parity.inputs.spec",
    "Inspection": "parity.records.inspection",
    "Managed": "parity.environments.resolve",
    "Option": "parity.subjects.adapter",
    "ParityError": "parity.errors",
    "Progress": "parity.subjects.progress",
    "RunError": "parity.errors",
    "SeedAudit": "parity.api.audits",
    "Subject": "parity.subjects.subject",
    "ThisInterpreter": "parity.environments.resolve",
    "UsageError": "parity.errors",
    "assert_parity": "parity.api.assertion",
    "check_adapter": "parity.session.conformance",
    "compare": "parity.api.pair",
    "inspect": "parity.api.subject",
    "load_audit": "parity.api.audits",
    "pairing": "parity.api.pairing",
    "record": "parity.api.subject",
    "seeds": "parity.api.runs",
}

__all__ = [
    "Adapter",
    "Audit",
    "InputsSpec",
    "Inspection",
    "Managed",
    "Option",
    "ParityError",
    "Progress",
    "RunError",
    "SeedAudit",
    "Subject",
    "ThisInterpreter",
    "UsageError",
    "assert_parity",
    "check_adapter",
    "compare",
    "inspect",
    "load_audit",
    "pairing",
    "record",
    "seeds",
]


def __getattr__(name: str) -> object:
    """A public name, imported when it is used first."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'parity' has no attribute {name!r}")
    found: object = getattr(import_module(place), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names, and what a module has."""
    return sorted({*globals(), *__all__})
