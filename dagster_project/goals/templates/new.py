"""A new goal's file, written from a template and from what is published of a period before."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from dagster_project.goals.algebra.rounding import whole
from dagster_project.goals.review.written_figure import as_written, written_figure
from dagster_project.goals.templates.template import Binding, Template
from dagster_project.kpi.model import Label
from dagster_project.kpi.text import IDENTIFIER


@dataclass(frozen=True)
class History:
    """What is published of a period before: its values by node, and its days; None where it is not over."""

    start: date
    end: date
    values: Mapping[str, float]


@dataclass(frozen=True)
class NewGoal:
    """What a new goal is written from. `figures`: text as it is to be written, by node, in place of the
    history. `drivers`: those of the template's that the company has."""

    name: str
    template: Template
    bound: Mapping[str, Binding]
    period_yaml: str
    period_label: Label
    growth: Fraction
    history: History | None
    figures: Mapping[str, str]
    drivers: tuple[str, ...]

    @property
    def root(self) -> str:
        """The KGI's node; a goal's root has the name of its KPI."""
        return self.bound[self.template.spec.kgi].kpi.name

    def missing(self) -> list[str]:
        """The nodes that want a figure and have none, neither given nor in the history."""
        known = {*self.figures, *(self.history.values if self.history else ())}
        return [node for node in (self.template.spec.kgi, *self.template.spec.assumed) if node not in known]

    def yaml(self) -> str:
        """The goal's file. `missing` must be empty."""
        kgi, spec = self.template.spec.kgi, self.template.spec
        label = {
            "ja": f"{self.period_label.ja} {self.template.label.ja}",
            "en": f"{self.period_label.en} {self.template.label.en}",
        }
        lines = [
            "# yaml-language-server: $schema=../schema.json",
            f"# From the template {self.template.name}{self._source()}. Make the figures your own.",
            f"goal: {self.name}",
            f"label: {{ja: {json.dumps(label['ja'], ensure_ascii=False)}, en: {json.dumps(label['en'])}}}",
            f"period: {self.period_yaml}",
            f"kgi: {{{self._kgi()}}}{self._note(kgi)}",
            "tree:",
            *(f"  - {self._renamed(text)}" for text in spec.tree),
            "nodes:",
            *(self._node(node) for node in self.template.needs[1:] if self._says_more(node)),
        ]
        if self.drivers:
            lines.append(f"drivers: [{', '.join(self.drivers)}]")
        lines.append(f"phasing: {spec.phasing}")
        return "\n".join(lines) + "\n"

    def _source(self) -> str:
        if self.history is None:
            return ""
        return f"; figures of {self.history.start} to {self.history.end} as published, to three digits"

    def _kgi(self) -> str:
        binding = self.bound[self.template.spec.kgi]
        parts = [f"kpi: {binding.kpi.name}"]
        if binding.where:
            parts.append(f"where: {_where(binding.where)}")
        return ", ".join([*parts, f"target: {self._target()}"])

    def _target(self) -> str:
        kgi = self.template.spec.kgi
        if kgi in self.figures:
            return self.figures[kgi]
        assert self.history is not None
        value, unit = self.history.values[kgi] * float(1 + self.growth), self.bound[kgi].kpi.unit
        # 10.8 people can't be hired
        return written_figure(float(whole(Fraction(value))) if unit == "count" else value, unit)

    def _says_more(self, node: str) -> bool:
        binding = self.bound[node]
        return node in self.template.spec.assumed or binding.kpi.name != node or binding.where is not None

    def _node(self, node: str) -> str:
        binding = self.bound[node]
        parts = [f"kpi: {binding.kpi.name}"] if binding.kpi.name != node else []
        if binding.where:
            parts.append(f"where: {_where(binding.where)}")
        note = ""
        if node in self.template.spec.assumed:
            parts.append(f"assume: {self._assumed(node)}")
            note = self._note(node)
        return f"  {node}: {{{', '.join(parts)}}}{note}"

    def _assumed(self, node: str) -> str:
        if node in self.figures:
            return self.figures[node]
        assert self.history is not None
        return written_figure(self.history.values[node], self.bound[node].kpi.unit)

    def _note(self, node: str) -> str:
        """What the figure was in the history, where it is not the one written."""
        if self.history is None or node not in self.history.values or node in self.figures:
            return ""
        value, unit = self.history.values[node], self.bound[node].kpi.unit
        if node != self.template.spec.kgi and float(as_written(written_figure(value, unit))) == value:
            return ""
        shown = (
            f"{value:.4%}" if unit == "percent" else f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
        )
        return f"  # was {shown}"

    def _renamed(self, text: str) -> str:
        kgi = self.template.spec.kgi
        return text if self.root == kgi else re.sub(rf"\b{kgi}\b", self.root, text)


def _where(where: tuple[str, str]) -> str:
    dimension, segment = where
    plain = IDENTIFIER.fullmatch(segment) is not None
    return f"{{{dimension}: {segment if plain else json.dumps(segment, ensure_ascii=False)}}}"
