"""The places of an encoder-decoder that reads two texts: one for its encoder, and a target for its decoder.

`locate` (`sites.py`) names the encoder's places as those of an encoder alone. Where the decoder reads another text, these get
`encoder.` in front, and the decoder's have the axis `target` in place of `token`.
"""

from __future__ import annotations

from typing import Sequence

from .sites import Site

__all__ = ["TARGET", "of_two_texts"]

TARGET = ("row", "target", "hidden")
_DECODER = ("decoder.", "module.decoder.")
_OF_ENCODER = ("embeddings", "layer.")


def of_two_texts(sites: Sequence[Site]) -> list[Site]:
    """The same places as those of two texts."""
    found: list[Site] = []
    for site in sites:
        if site.name.startswith(_DECODER):
            found.append(site._replace(axes=TARGET, cut=False))
        elif site.name.startswith(_OF_ENCODER):
            found.append(site._replace(name="encoder." + site.name))
        else:
            found.append(site)
    return found
