"""Reading a page as a tree, as strictly as a person who checks it would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "br", "img", "input", "hr"}


@dataclass
class Element:
    """An element of a page: its tag, attributes, and children, which are elements or text."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str]

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.walk() if element.tag in tags]

    def with_id(self, name: str) -> Element:
        (found,) = [each for each in self.walk() if each.attributes.get("id") == name]
        return found

    @property
    def text(self) -> str:
        if self.tag == "script":
            return ""
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return " ".join(" ".join(parts).split())

    @property
    def values(self) -> list[float]:
        return [float(each.attributes["value"]) for each in self.all("data")]


class _Reader(HTMLParser):
    """Builds the tree of a page and insists that every element is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = [Element("page", {}, [])]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, [])
        self.stack[-1].children.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.stack[-1].children.append(data)


def parse(file: Path) -> Element:
    """Parse a page into a tree."""
    reader = _Reader()
    reader.feed(file.read_text("utf-8"))
    reader.close()
    (root,) = reader.stack
    return root
