"""The places of an encoder-decoder that reads two texts."""

from __future__ import annotations

from typing import Any

from parity._in_process.sites import HIDDEN, Site, first_tensor
from parity._in_process.two_texts import TARGET, of_two_texts


def site(name: str, **fields: Any) -> Site:
    return Site(name, name, None, HIDDEN, first_tensor)._replace(**fields)


def test_the_encoders_places_get_its_name_and_the_decoders_the_axis_of_targets() -> None:
    encoder = ("embeddings", "layer.0", "layer.0.mlp", "module.encoder.norm")
    names = (*encoder, "decoder.embeddings", "decoder.layer.0", "module.decoder.norm", "pooled")
    found = of_two_texts([site(name, cut=True) for name in names])
    assert [
        ("encoder.embeddings", HIDDEN, True),
        ("encoder.layer.0", HIDDEN, True),
        ("encoder.layer.0.mlp", HIDDEN, True),
        ("module.encoder.norm", HIDDEN, True),
        ("decoder.embeddings", TARGET, False),
        ("decoder.layer.0", TARGET, False),
        ("module.decoder.norm", TARGET, False),
        ("pooled", HIDDEN, True),
    ] == [(one.name, one.axes, one.cut) for one in found]
