"""The runner of `st:`: sentence-transformers' own transformer, tokenizer and modules compute what `hf:` computes with parity's.

The folder is opened as `hf:` opens it, so that the two describe it alike; then the library's parts are put in the place of these.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# Values from sentence-transformers are Any here.

from __future__ import annotations

import importlib
from typing import Any, Iterator

import torch

from . import finding, loading, options, runner, sentence_layers

PROTOCOL = 2


def open(request: dict[str, Any], host: Any) -> Session:
    """Load the folder with the library; refuses one that is no folder of sentence-transformers."""
    found = runner.open(request, host, Session)
    assert isinstance(found, Session), "it is of the kind that was requested"
    return found


class Session(runner.Session):
    """The session of `hf:` on what the library loaded."""

    def __init__(
        self, loaded: loading.Loaded, chosen: options.Options, device: Any, host: Any, given: dict[str, str]
    ) -> None:
        if not loaded.modules.embeds or not loaded.modules.folder:
            raise host.Refusal(
                "subject",
                f"{loaded.name} has no modules.json of sentence-transformers whose modules parity knows.",
                "Name a folder that SentenceTransformer.save() wrote, or use hf: with ?pooling=.",
            )
        host.progress("loading the library")
        library: Any = importlib.import_module("sentence_transformers")
        try:
            model: Any = library.SentenceTransformer(
                loaded.modules.folder, device=str(device), local_files_only=True
            ).eval()
        except Exception as error:
            raise host.Refusal(
                "subject",
                f"sentence_transformers {library.__version__} cannot load {loaded.name}: {finding.first_line(error)}.",
            ) from error
        self._version = str(library.__version__)
        modules = _Modules(model, loaded.modules)
        loaded = loaded._replace(model=model[0].auto_model, tokenizer=model.tokenizer, modules=modules)
        super().__init__(loaded, chosen, device, host, given)

    def describe(self) -> dict[str, Any]:
        """The same description, with the library's name and version."""
        found = super().describe()
        versions = dict(found["versions"], sentence_transformers=self._version)
        return dict(found, framework="sentence_transformers", versions=versions)


class _Modules(sentence_layers.Modules):
    """The library's modules after its transformer, under the names of the stages of parity's own."""

    def __init__(self, model: Any, known: sentence_layers.Modules) -> None:
        super().__init__(known.settings, known.folder)
        self.stages, self.entries, self.max_length = known.stages, known.entries, model.max_seq_length
        self.text = known.text  # type: ignore[method-assign]
        self.chain = known.chain  # for the names of the parameters
        kept = [module for module in list(model)[1:] if type(module).__name__ != "Dropout"]
        self._after = torch.nn.ModuleList(kept)  # in float64 with the rest

    def run(self, hidden: Any, mask: Any) -> Iterator[tuple[str, Any]]:
        """Each stage with its value, as the library computes it."""
        features = {"token_embeddings": hidden}
        if mask is not None:
            features["attention_mask"] = mask
        for stage, module in zip(self.stages, self._after):
            features = module(features)
            yield stage, features["sentence_embedding"]
        yield "embedding", features["sentence_embedding"]
