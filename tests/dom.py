"""A page as a browser's parser reads it: elements with their attributes and text, from the standard library's parser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Element", "parse_page"]

_VOID = {"meta", "br", "img", "link", "input", "hr"}


@dataclass
class Element:
    """One element; `children` holds elements and text in order."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element | str] = field(default_factory=list["Element | str"])

    @property
    def text(self) -> str:
        """All text below."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def walk(self) -> Iterator[Element]:
        """This element and all below, but for the chips of hidden characters: their number depends on the text."""
        if self.attributes.get("class") == "cc":
            return
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def find(self, tag: str, matches: Callable[[Element], bool] = lambda _: True) -> list[Element]:
        """Elements of that tag below."""
        return [element for element in self.walk() if element.tag == tag and matches(element)]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("#document", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        assert len(element.attributes) == len(attrs), f"an attribute twice in <{tag}>"
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def parse_page(page: str) -> Element:
    """The page as elements; an element that is not closed where it should be is an AssertionError."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    assert [parser.root] == parser._open, "an element is not closed"  # pyright: ignore[reportPrivateUsage]
    return parser.root
