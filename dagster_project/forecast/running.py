"""A goal's nodes on one night, each forecast when it is first asked for, and once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.forecast.cases import Case, Nights
from dagster_project.forecast.days import Days, days_of
from dagster_project.forecast.forecasters import Drawing, Forecaster, Member, Tell
from dagster_project.forecast.open_deals import Book, OpenDeals
from dagster_project.forecast.outcomes import KINDS, Outcome
from dagster_project.forecast.tree import Forecasted, leaves_of
from dagster_project.goals.frames import Slice
from dagster_project.goals.model import Goal


class Running(Mapping[str, Forecasted | None]):
    """By the name of the node; None where days don't say what it comes to, or the goal does not run.

    forecasters, books: further models of sums, from outside and from open cases. tell: hears of failures.
    """

    def __init__(
        self,
        goal: Goal,
        nights: Nights,
        calendar: BusinessCalendar,
        forecasters: Sequence[Forecaster],
        books: Mapping[Slice, Book],
        tell: Tell,
    ) -> None:
        self.cases = {node.name: nights.case(goal, node) for node in goal.nodes}
        self._goal, self._calendar, self._tell = goal, calendar, tell
        self._forecasters, self._books = forecasters, books
        self._outcomes: dict[tuple[str, date], Outcome] = {}
        self._days: dict[date, Days] = {}
        self._digests: dict[Slice, str] = {}

    def __getitem__(self, name: str) -> Forecasted | None:
        case = self.cases[name]
        return None if case is None else Forecasted(case, self.outcome(case))

    def __iter__(self) -> Iterator[str]:
        return iter(self.cases)

    def __len__(self) -> int:
        return len(self.cases)

    def outcome(self, case: Case) -> Outcome:
        key = (case.node.name, case.history.last_known or case.history.end)
        if key not in self._outcomes:
            question = case.question(self._days_of(case), self._members(case))
            self._outcomes[key] = KINDS[case.kind](question)
        return self._outcomes[key]

    def inputs(self, name: str) -> str:
        """The hash of everything that the node's rows are made from, its drivers in the tree included."""
        case = self.cases[name]
        assert case is not None
        below = [self._own(leaf) for node in leaves_of(self._goal, name) if (leaf := self.cases.get(node))]
        return case.inputs_hash(self._days_of(case), [*self._others(case), *below])

    def _own(self, case: Case) -> str:
        return case.inputs_hash(self._days_of(case), self._others(case))

    def _others(self, case: Case) -> list[str]:
        if case.kind != "sum":
            return []
        place = _slice(case)
        if place in self._books and place not in self._digests:
            self._digests[place] = self._books[place].digest()
        return [*(one.name for one in self._forecasters), self._digests.get(place, "")]

    def _members(self, case: Case) -> list[Member]:
        history, first = case.history, case.history.first_known
        if case.kind != "sum" or first is None:
            return []
        gone = (first - history.start).days
        values = history.values[gone:]
        members: list[Member] = [Drawing(one, first, values, self._tell) for one in self._forecasters]
        book = self._books.get(_slice(case))
        if book is not None:
            deals = OpenDeals(book, first, values, self._days_of(case).after(gone))
            members += [deals] if deals.is_usable else []
        return members

    def _days_of(self, case: Case) -> Days:
        start = case.history.start
        if start not in self._days:
            end = self._goal.period.end
            self._days[start] = days_of(self._calendar, start, max(end, start - timedelta(days=1)))
        return self._days[start]


def _slice(case: Case) -> Slice:
    return case.kpi.name, case.node.dimension, case.node.segment
