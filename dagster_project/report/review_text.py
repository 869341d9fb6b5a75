"""A goal's review as lines of text for a person, in Japanese or English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dagster_project.report.format import (
    format_change,
    format_date,
    format_share,
    format_target,
    format_value,
)
from dagster_project.report.review_words import SENTENCES, sentence
from dagster_project.report.words import SIGNS, word

if TYPE_CHECKING:
    from dagster_project.goals.model import Goal
    from dagster_project.goals.review.influence import Influence
    from dagster_project.goals.review.model import Assumption, Moved, Review, Standing
    from dagster_project.goals.review.track_record import TrackRecord

SHOWN = 6  # causes of a change, the largest first


@dataclass(frozen=True)
class ReviewText:
    """Renders one review. `previous`: the goal's last recorded review, a row of goal_reviews with `findings`
    parsed, or None."""

    goal: Goal
    review: Review
    language: str
    previous: Mapping[str, Any] | None = None

    def lines(self) -> Iterator[str]:
        """The review, a part after the other, with an empty line between them."""
        yield from self._heading()
        for part in (
            self._previous(),
            self._moved(),
            self._gap(),
            self._assumptions(),
            self._required(),
            self._influence(),
            self._targets(),
            self._revision(),
        ):
            lines = list(part)
            if lines:
                yield ""
                yield from lines

    def say(self, key: str, **values: object) -> str:
        return sentence(key, self.language, **values)

    def name(self, node: str) -> str:
        if node in SENTENCES:
            return self.say(node)
        return next((n.label.in_language(self.language) for n in self.goal.nodes if n.name == node), node)

    def value(self, node: str, value: float | None) -> str:
        return format_value(value, self._unit(node), self.language)

    def target(self, node: str, value: float | None) -> str:
        return format_target(value, self._unit(node), self.language)

    def _unit(self, node: str) -> str | None:
        return next((n.kpi.unit for n in self.goal.nodes if n.name == node and n.kpi), None)

    def _signed(self, value: float) -> str:
        """A contribution to the KGI, in its unit."""
        shown = self.value(self.goal.kgi.name, value)
        return shown if shown.startswith("-") else f"+{shown}"

    def _shows(self, value: float) -> bool:
        """Whether a contribution is more than nothing, as it is shown."""
        return self.value(self.goal.kgi.name, abs(value)) != self.value(self.goal.kgi.name, 0.0)

    def _span(self, count: int, grain: str) -> str:
        return self.say(f"{grain}s", n=count)

    # --- parts ------------------------------------------------------------------------------------------

    def _heading(self) -> Iterator[str]:
        yield self.goal.label.in_language(self.language)
        day = format_date(self.review.as_of, self.language)
        yield f"{self.say(self.review.cadence)}  {word('data_date', self.language)} {day}"
        if self.review.kgi is not None:
            yield self._standing(self.review.kgi)

    def _standing(self, at: Standing) -> str:
        parts = [
            f"{self.name(at.node)} {self.value(at.node, at.actual)}",
            f"{word('target_to_date', self.language)} {self.target(at.node, at.target_to_date)}",
            f"{word('attainment', self.language)} {format_share(at.attainment)}",
            f"{SIGNS.get(at.status, '')} {word(at.status, self.language)}",
        ]
        return "  ".join(parts)

    def _previous(self) -> Iterator[str]:
        if self.previous is None:
            return
        day = format_date(self.previous["as_of"], self.language)
        yield self.say("decided", day=day, text=self.previous["decided"])
        before = {one["node"]: one for one in self.previous["findings"]["standing"]}
        for at in self.review.standing:
            then = before.get(at.node, {}).get("attainment")
            if then is not None and at.attainment is not None:
                shown = format_share(then), format_share(at.attainment)
                yield self.say("since", node=self.name(at.node), then=shown[0], now=shown[1])

    def _moved(self) -> Iterator[str]:
        moved = self.review.moved
        if moved is None:
            yield self.say("moved_nothing")
            return
        first, last = format_date(moved.start, self.language), format_date(moved.end, self.language)
        yield self.say("moved", first=first, last=last)
        for one in moved.nodes:
            unit = self._unit(one.node)
            parts = [
                f"{self.name(one.node)} {self.value(one.node, one.value)}",
                self.say("before", change=format_change(one.value, one.previous, unit)),
                self.say("year_before", change=format_change(one.value, one.previous_year, unit)),
            ]
            if one.due is not None:
                due = self.target(one.node, one.due)
                parts.append(self.say("due_met" if one.met else "due_missed", due=due))
            yield "  " + "  ".join(parts)
        yield from self._why(moved)

    def _why(self, moved: Moved) -> Iterator[str]:
        if moved.why is None:
            return
        causes = sorted(moved.why.drivers, key=lambda one: -abs(one.contribution))[:SHOWN]
        told = [(one.node, float(one.contribution)) for one in causes]
        told.append(("_residual", float(moved.why.residual)))
        yield self.say(
            "changed",
            kgi=self.name(self.goal.kgi.name),
            change=self._signed(float(moved.why.gap)),
            causes=", ".join(
                f"{self.name(node)} {self._signed(part)}" for node, part in told if self._shows(part)
            ),
        )

    def _gap(self) -> Iterator[str]:
        told = [one for one in self.review.gap[:SHOWN] if self._shows(one.contribution)]
        if told:
            yield self.say("gap")
        for one in told:
            yield f"  {self.name(one.driver)} {self._signed(one.contribution)}"

    def _assumptions(self) -> Iterator[str]:
        if self.review.assumptions:
            yield self.say("assumptions")
        for one in self.review.assumptions:
            yield f"  {self.name(one.node)}: {self._judged(one)}"
            again = ", ".join(f"{self.name(n)} {self._again(n, value)}" for n, value in one.replanned.items())
            if again:
                yield self.say("replanned", at=self.value(one.node, one.actual), values=again)

    def _judged(self, one: Assumption) -> str:
        """Whether the difference is more than chance, said before anything is recommended."""
        assumed, actual = self.value(one.node, one.assumed), self.value(one.node, one.actual)
        if one.actual is None:
            return self.say("nothing_yet", assumed=assumed)
        if one.significant is None:
            why = word(one.reason or "", self.language)
            return self.say("untold", assumed=assumed, actual=actual, why=why)
        counts = ""
        if one.method == "binomial":
            counts = self.say("counts", hits=f"{one.numerator:,.0f}", trials=f"{one.denominator:,.0f}")
        return self.say(
            "significant" if one.significant else "not_significant",
            assumed=assumed,
            actual=actual,
            counts=counts,
            low=self.value(one.node, one.low),
            high=self.value(one.node, one.high),
            chance="p < 0.001" if (one.p_value or 0) < 0.001 else f"p = {one.p_value:.2g}",
        )

    def _required(self) -> Iterator[str]:
        changed = [one for one in self.review.required if one.replanned != one.planned]
        if changed:
            yield self.say("required")
        for one in changed:
            planned, again = self.target(one.node, one.planned), self._again(one.node, one.replanned)
            yield f"  {self.name(one.node)}: {planned} → {again}"

    def _again(self, node: str, value: float | None) -> str:
        return self.say("no_such_figure") if value is None else self.target(node, value)

    def _influence(self) -> Iterator[str]:
        candidates = [one for one in self.review.influence if one.is_candidate]
        untold = [one for one in self.review.influence if one.seen in ("short_history", "constant")]
        if candidates or untold:
            yield self.say("influence")
        for one in candidates:
            yield f"  {self.name(one.node)}: {self._unseen(one)}"
        if untold:
            yield self.say("influence_untold", names=", ".join(self.name(one.node) for one in untold))
        if candidates:
            yield self.say("influence_limits")

    def _unseen(self, one: Influence) -> str:
        figures = self.say(
            "unseen", correlation=one.correlation, months=one.months, would_show=one.would_show
        )
        return figures + self.say("tied" if self.goal.node(one.node).is_tied else "drop")

    def _targets(self) -> Iterator[str]:
        if self.review.targets:
            yield self.say("targets")
        for one in self.review.targets:
            yield f"  {self.name(one.node)}: {self._record(one)}"

    def _record(self, one: TrackRecord) -> str:
        seen = self.say(one.record, span=self._span(one.periods, one.grain))
        history = self._span(one.history, one.grain)
        if one.proposed is None:
            return seen + self.say("no_proposal", span=history)
        now, then = self.target(one.node, one.target), self.target(one.node, one.proposed)
        return seen + self.say("proposed", then=then, now=now, span=history)

    def _revision(self) -> Iterator[str]:
        if self.review.contradictions:
            yield self.say("contradicted")
            yield from (f"  {text}" for text in self.review.contradictions)
        elif self.review.revision is None:
            yield self.say("no_revision")
        else:
            is_first = self.review.revision.startswith("revisions:")
            yield self.say("revision" if is_first else "revision_more", file=self.goal.where.file)
            yield from self.review.revision.splitlines()
