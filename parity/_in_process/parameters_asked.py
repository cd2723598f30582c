"""The answer to a request about parameters: what they are like, or rows of one of them.

rows_of_parameters  {"names": [str], "rows": null}    -> {"sketches": {str: {...}}}; `sketches.py` has their form
rows_of_parameters  {"names": [str], "rows": [int]}   -> {"dtype", "source", "shape", "offset"}: of the first name, in the last slot;
                                                         {} where its numbers are not known, as those of what lies on disk
"""

from __future__ import annotations

from typing import Any

from . import wire

__all__ = ["answer"]


def answer(session: Any, request: dict[str, Any], slot: wire.Slot) -> dict[str, Any]:
    """What parameters of a session with the ability `row_digests` are like: those of its `holders`."""
    from . import sketches  # it needs torch, which a session without parameters may not have

    names: list[str] = request["names"]
    if request["rows"] is None:
        return {"sketches": sketches.sketches(session.holders(), names)}
    slot.rewind()
    found = sketches.rows_of(session.holders(), names[0], request["rows"])
    return {} if found is None else dict(slot.put(found)._asdict())
