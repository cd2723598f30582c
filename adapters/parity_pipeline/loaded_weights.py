"""What the library says of the weights that it loads for a pipeline: those that no file holds are drawn at random."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# Values from transformers are Any here.

from __future__ import annotations

import contextlib
import importlib
from typing import Any, Generator

__all__ = ["Loading", "watched"]

_FILES: Any = importlib.import_module(".model_files", __package__)  # of the package that shares its modules


class Loading:
    """The models that were loaded, each with what was said of it."""

    def __init__(self) -> None:
        self._seen: list[tuple[Any, Any]] = []

    def add(self, model: Any, info: Any) -> None:
        """Note one."""
        self._seen.append((model, info))

    def newly_initialised(self, model: Any) -> list[str]:
        """The parameters of a model that no file held."""
        info = next((info for one, info in self._seen if one is model), None)
        return [] if info is None else list(_FILES.newly_initialised(info, model))


@contextlib.contextmanager
def watched(base: Any) -> Generator[Loading, None, None]:
    """For as long as it lasts, note what `from_pretrained` of this class and of those that derive from it says; its callers see no difference."""
    loading = Loading()
    own = base.__dict__["from_pretrained"]
    load = own.__func__

    def from_pretrained(cls: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("output_loading_info"):
            return load(cls, *args, **kwargs)
        model, info = load(cls, *args, **dict(kwargs, output_loading_info=True))
        loading.add(model, info)
        return model

    base.from_pretrained = classmethod(from_pretrained)
    try:
        yield loading
    finally:
        base.from_pretrained = own
