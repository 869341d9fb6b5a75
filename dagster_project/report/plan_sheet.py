"""A goal's plan as a sheet: what goes with a proposal (稟議)."""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.goals.model import PLAN
from dagster_project.goals.plan.plan import Effort, Line, Plan, Stage
from dagster_project.goals.plan.smart import Judged, Smart
from dagster_project.report.format import NOTHING, format_date
from dagster_project.report.plan_words import exact, say
from dagster_project.report.sheet import Section, Sheet, Table


def plan_sheet(plan: Plan, judged: Judged, language: str) -> Sheet:
    """The sheet in ja or en."""
    writer = _Writer(plan, judged, language)
    return Sheet(
        title=f"{writer.say('plan')}: {plan.goal.label.in_language(language)}",
        language=language,
        facts=tuple(writer.facts()),
        sections=tuple(writer.sections()),
        boxes=tuple(writer.say("approvals").split(",")),
    )


class _Writer:
    def __init__(self, plan: Plan, judged: Judged, language: str) -> None:
        self.plan, self.goal, self.judged, self.language = plan, plan.goal, judged, language

    def say(self, key: str) -> str:
        return say(key, self.language)

    def facts(self) -> Iterator[tuple[str, str]]:
        goal, period = self.goal, self.goal.period
        kgi = next(line for line in self.plan.lines if line.kind == "kgi" or line.name == goal.kgi.name)
        vision = goal.vision.in_language(self.language)
        if vision:
            yield self.say("vision"), vision
        yield self.say("kgi"), f"{kgi.label.in_language(self.language)} {self.target(kgi)}"
        days = [format_date(day, self.language) for day in (period.start, period.end)]
        yield self.say("period"), self.say("through").join(days)
        if goal.owner:
            yield self.say("owner"), goal.owner
        version = self.plan.version
        if version.number:
            yield (
                self.say("revision"),
                self.say("revised").format(
                    number=version.number,
                    day=format_date(version.since, self.language),
                    reason=version.reason.in_language(self.language),
                    basis=self.say(f"rebase_{version.rebase}"),
                ),
            )

    def sections(self) -> Iterator[Section]:
        plan = self.plan
        nodes = [line for line in plan.lines if line.kind != "action" or line.is_tied]
        yield Section(self.say("tree"), table=self.tree(nodes))
        if self.goal.equations:
            yield Section(self.say("equations"), self.goal.equations)
        factors = tuple(self.factors())
        if any(line.before is not None for line in plan.lines):
            yield Section(self.say("revision"), table=self.revised())
        if factors:
            yield Section(self.say("factors"), factors)
        watched = (*self.untied(), *(node.label.in_language(self.language) for node in plan.watched))
        if watched:
            yield Section(self.say("watched"), watched)
        if plan.efforts:
            yield Section(self.say("actions"), table=self.actions())
        if len(self.goal.scenarios) > 1:
            yield Section(self.say("scenarios"), table=self.scenarios())
        if plan.stages and len(plan.parts) > 1:
            yield Section(self.say("schedule"), table=self.schedule())
        if self.judged.smart:
            yield Section(self.say("smart"), table=self.smart_table())
        notes = tuple(self.notes())
        if notes:
            yield Section(self.say("notes"), notes)

    def label(self, line: Line) -> str:
        return line.label.in_language(self.language)

    def target(self, line: Line) -> str:
        if line.within is not None:
            low, high = (exact(bound, line.unit, self.language) for bound in line.within)
            return f"{low}{self.say('through')}{high}"
        if line.target is None and line.missing is not None:
            return self.say(line.missing)
        return exact(line.target, line.unit, self.language)

    def basis(self, line: Line) -> str:
        if line.equation is not None:
            return line.equation
        if line.origin is not None:
            return line.origin
        if line.written is not None:
            return f"{self.say('given')} {line.written.in_language(self.language)}"
        return self.say("given") if line.within is not None else NOTHING

    def tree(self, nodes: list[Line]) -> Table:
        headers = tuple(self.say(key) for key in ("item", "kind", "target", "basis", "segment", "owner"))
        rows = tuple(
            (
                "　" * line.depth + self.label(line),
                self.say(line.kind),
                self.target(line),
                self.basis(line),
                line.segment or "",
                line.owner or "",
            )
            for line in nodes
        )
        return Table(headers, rows, frozenset({2}))

    def revised(self) -> Table:
        """What was due before the revision, what is left from it on, and the two together."""
        headers = tuple(self.say(key) for key in ("item", "before", "remaining", "target"))
        rows = tuple(
            (self.label(line), *(exact(value, line.unit, self.language) for value in figures))
            for line in self.plan.lines
            if line.target is not None and line.before is not None
            for figures in [(line.before, line.target - line.before, line.target)]
        )
        return Table(headers, rows, frozenset({1, 2, 3}))

    def factors(self) -> Iterator[str]:
        below: dict[str, list[str]] = {}
        for node in self.goal.nodes:
            if node.parent is not None and node.role == "holds":
                below.setdefault(node.parent, []).append(node.label.in_language(self.language))
        for factor in self.goal.factors:
            held = [self.goal.node(name).label.in_language(self.language) for name in factor.holds]
            rests = f"（{self.say('holds')}: {', '.join(held)}）" if held else ""
            yield f"{factor.label.in_language(self.language)}{rests}"

    def untied(self) -> Iterator[str]:
        """Nodes with a target, or bounds, that no equation ties to the KGI, and no action uses."""
        used = {effort.action.yield_name for effort in self.plan.efforts}
        for line in self.plan.lines:
            if line.kind != "action" and not line.is_tied and line.name not in used:
                yield f"{self.label(line)} {self.target(line)}: {self.say('not_tied')}"

    def actions(self) -> Table:
        keys = ("item", "target", "drives", "basis", "brings", "per_day", "capacity", "used", "due", "owner")
        rows = tuple(self._action(effort) for effort in self.plan.efforts)
        return Table(tuple(self.say(key) for key in keys), rows, frozenset({1, 4, 5, 7}))

    def _action(self, effort: Effort) -> tuple[str, ...]:
        line, action = effort.line, effort.action
        driven = self.goal.node(action.drives)
        capacity, used = NOTHING, NOTHING
        if action.capacity is not None:
            each = exact(action.capacity.n, line.unit, self.language, up=False)
            capacity = f"{each} / {self.say(action.capacity.per)}"
            load = effort.loads.get(PLAN)
            used = exact(load.used, "percent", self.language) if load is not None else NOTHING
        unit = driven.kpi.unit if driven.kpi is not None else None
        return (
            self.label(line),
            self.target(line),
            driven.label.in_language(self.language),
            self.basis(line),
            exact(effort.brings, unit, self.language),
            exact(effort.per_day, line.unit, self.language, up=False),
            capacity,
            used,
            format_date(action.due, self.language),
            line.owner or "",
        )

    def scenarios(self) -> Table:
        names = list(self.goal.scenarios)
        headers = (self.say("item"), *(f"{name} × {float(self.goal.scenarios[name]):g}" for name in names))
        rows = [
            (self.label(line), *(exact(line.targets.get(name), line.unit, self.language) for name in names))
            for line in self.plan.lines
            if line.targets
        ]
        success = [exact(self.goal.success(name), "percent", self.language) for name in names]
        return Table(headers, (*rows, (self.say("success"), *success)), frozenset(range(1, len(headers))))

    def schedule(self) -> Table:
        headers = (self.say("item"), *(self._part(index) for index in range(len(self.plan.parts))))
        rows = tuple((self._staged(stage), *self._asked(stage)) for stage in self.plan.stages)
        total = self.say("total")
        return Table((*headers, total), rows, frozenset(range(1, len(headers) + 1)))

    def _part(self, index: int) -> str:
        part = self.plan.parts[index]
        if part.grain == "month":
            return f"{part.start:%Y-%m}"
        return f"{part.start:%m-%d}" if part.days == 1 else f"{part.start:%m-%d}–{part.end:%m-%d}"

    def _staged(self, stage: Stage) -> str:
        name = stage.label.in_language(self.language)
        return name if stage.grows else name + self.say("level_due")

    def _asked(self, stage: Stage) -> tuple[str, ...]:
        if not stage.grows:
            levels = [exact(due, stage.unit, self.language) for due in stage.due]
            return (*levels, levels[-1])
        pieces = [exact(value, stage.unit, self.language) for value in stage.shown]
        return (*pieces, exact(stage.due[-1], stage.unit, self.language))

    def smart_table(self) -> Table:
        letters = ("specific", "measurable", "achievable", "relevant", "time_bound")
        labels = {line.name: self.label(line) for line in self.plan.lines}
        rows = tuple(
            (labels[name], *(self.answer(found, letter) for letter in letters))
            for name, found in self.judged.smart.items()
        )
        return Table((self.say("item"), *(self.say(letter) for letter in letters)), rows)

    def answer(self, found: Smart, letter: str) -> str:
        """The answer in a word, with the figure that it rests on."""
        said = self.say(getattr(found, letter))
        key, share = {
            "achievable": ("harder", found.percentile),
            "relevant": ("moves", None if found.elasticity is None else found.elasticity / 100),
        }.get(letter, ("", None))
        if share is None:
            return said
        return f"{said} {self.say(key).format(share=exact(share, 'percent', self.language))}"

    def notes(self) -> Iterator[str]:
        yield from (remark.in_language(self.language) for remark in self.judged.remarks)
        for effort in self.plan.efforts:
            for scenario, load in effort.loads.items():
                if not load.is_realistic and scenario != PLAN:
                    used = exact(load.used, "percent", self.language)
                    yield self.say("overload").format(
                        scenario=scenario, action=self.label(effort.line), used=used
                    )
        if self.goal.unknown_bases:
            yield self.say("unknown_base").format(bases=", ".join(sorted(map(str, self.goal.unknown_bases))))
