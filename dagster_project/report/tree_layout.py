"""Where the boxes of a KPI tree stand: the KGI on the left, what it is made of to the right."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from dagster_project.report.summary import Node

BOX_WIDTH, BOX_HEIGHT = 226, 86
GAP_X, GAP_Y = 58, 18
MARGIN = 4


@dataclass(frozen=True)
class Box:
    """A node's place, in pixels of the drawing; x and y are its upper left corner."""

    node: Node
    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """A drawn tree: boxes, the SVG paths of the edges between them, and the size of the whole."""

    boxes: tuple[Box, ...]
    edges: tuple[str, ...]
    width: float
    height: float


def lay_out(root: Node) -> Layout:
    """Leaves one below the other, a parent in the middle of its children, a column a level."""
    boxes: list[Box] = []
    edges: list[str] = []
    next_y = float(MARGIN)

    def place(node: Node, depth: int) -> float:
        nonlocal next_y
        x = MARGIN + depth * (BOX_WIDTH + GAP_X)
        below = [place(child, depth + 1) for child in node.children]
        if below:
            y = (below[0] + below[-1]) / 2
        else:
            y, next_y = next_y, next_y + BOX_HEIGHT + GAP_Y
        boxes.append(Box(node, x, y))
        edges.extend(_edge(x + BOX_WIDTH, y + BOX_HEIGHT / 2, child + BOX_HEIGHT / 2) for child in below)
        return y

    place(root, 0)
    return Layout(
        boxes=tuple(boxes),
        edges=tuple(edges),
        width=max(box.x for box in boxes) + BOX_WIDTH + MARGIN,
        height=max(box.y for box in boxes) + BOX_HEIGHT + MARGIN,
    )


def _edge(x: float, y: float, child_y: float) -> str:
    middle = x + GAP_X / 2
    return f"M{x:g},{y:g} C{middle:g},{y:g} {middle:g},{child_y:g} {x + GAP_X:g},{child_y:g}"


def shorten(text: str, columns: int) -> str:
    """`text` in at most so many columns, where a Japanese character takes two; SVG text does not wrap."""
    width = 0
    kept: list[str] = []
    for character in text:
        width += 2 if unicodedata.east_asian_width(character) in "WFA" else 1
        if width > columns:
            return "".join(kept).rstrip() + "…"
        kept.append(character)
    return text
