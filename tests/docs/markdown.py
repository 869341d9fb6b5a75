"""Markdown as far as the documentation uses it: headings, fenced blocks, code spans, tables, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "README.ja.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((REPOSITORY / "docs").glob("*.md")),
]
_FENCE = re.compile(r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.M | re.S)
_HEADING = re.compile(r"^(?P<marks>#+) (?P<text>.+)$", re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block. `title`: the file that it is; `section`: the nearest heading of level 2 above it."""

    language: str
    title: str | None
    text: str
    section: str

    @property
    def commands(self) -> list[str]:
        """What is typed: all of an `sh` block, the lines after `$ ` of a `console` block."""
        if self.language == "console":
            return [command for command, _ in self.steps]
        lines = self.text.splitlines() if self.language == "sh" else []
        return [line for line in lines if line and not line.startswith("#")]

    @property
    def steps(self) -> list[tuple[str, list[str]]]:
        """The commands of a `console` block, each with the output that is shown."""
        steps: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line.rstrip())
        return steps


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path) -> list[Block]:
    text = text_of(path)
    found = []
    for match in _FENCE.finditer(text):
        above = [h["text"] for h in _headings(text[: match.start()]) if h["marks"] == "##"]
        found.append(Block(match["language"], match["title"], match["text"], above[-1] if above else ""))
    return found


def prose(text: str) -> str:
    """`text` without its fenced blocks."""
    return _FENCE.sub("", text)


def _headings(text: str) -> Iterator[re.Match[str]]:
    return _HEADING.finditer(prose(text))


def headings(path: Path) -> list[tuple[int, str]]:
    """(level, text) of every heading."""
    return [(len(match["marks"]), match["text"]) for match in _headings(text_of(path))]


def anchors(path: Path) -> set[str]:
    """The fragments by which a heading is linked."""
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for _, text in headings(path)}


def sections(path: Path) -> dict[str, str]:
    """The text below each heading of level 2, with its sub-headings."""
    parts = re.split(r"^## (.+)\n", text_of(path), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def spans(text: str) -> list[str]:
    """The code spans of a text."""
    return re.findall(r"`([^`\n]+)`", prose(text))


def table_rows(text: str) -> list[list[str]]:
    """The cells of every table row, heads and rules left out."""
    rows = []
    previous_is_row = False
    for line in prose(text).splitlines():
        is_row = line.startswith("|")
        if is_row and previous_is_row and not set(line) <= set("|- "):
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
        previous_is_row = is_row
    return rows


def links(path: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose(text_of(path)))


def write_titled(path: Path, folder: Path) -> None:
    """Every block that names its file, as that file below `folder`."""
    for block in blocks(path):
        if block.title:
            target = folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
