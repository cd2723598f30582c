"""What a module returns as a record of its own: a dataclass that is no dict, as AllenNLP's transformer has them."""

from __future__ import annotations

import dataclasses
from typing import Any

__all__ = ["fields_of", "is_record", "with_fields"]


def is_record(value: Any) -> bool:
    """Whether a value is an instance of such a class; those of Transformers are dicts as well, and are not."""
    return dataclasses.is_dataclass(value) and not isinstance(value, (dict, type))


def fields_of(record: Any) -> dict[str, Any]:
    """Its fields by their names."""
    return {one.name: getattr(record, one.name) for one in dataclasses.fields(record)}


def with_fields(record: Any, fields: dict[str, Any]) -> Any:
    """The same with other values in some fields."""
    return dataclasses.replace(record, **fields)
