"""Fields of both subjects, compared by what they hold and not by how they are shown."""

from __future__ import annotations

import msgspec

from parity_reports.compare.compared import Compared, compared_fields
from tests.audit_parts import audit

LONG = ", ".join(f"word {number}" for number in range(400))


def compared(reference: dict[str, object], candidate: dict[str, object]) -> Compared:
    seen = audit()
    sides = [
        msgspec.structs.replace(side, tokenizer=tokenizer)
        for side, tokenizer in ((seen.reference, reference), (seen.candidate, candidate))
    ]
    changed = msgspec.structs.replace(seen, reference=sides[0], candidate=sides[1])
    return compared_fields(changed, most=200)


def names(fields: object) -> set[str]:
    return {field.name for field in fields if field.name.startswith("tokenizer")}  # type: ignore[attr-defined]


def test_the_same_keys_in_another_order_are_the_same() -> None:
    found = compared(
        {"special": {"cls": 1, "sep": {"id": 2, "b": 3}}}, {"special": {"sep": {"b": 3, "id": 2}, "cls": 1}}
    )
    assert (set(), {"tokenizer: special"}) == (names(found.differing), names(found.same))
    (field,) = (field for field in found.same if field.name == "tokenizer: special")
    assert field.reference == field.candidate


def test_what_differs_where_it_is_cut_off_differs() -> None:
    found = compared({"words": LONG}, {"words": LONG + "!"})
    assert {"tokenizer: words"} == names(found.differing)
