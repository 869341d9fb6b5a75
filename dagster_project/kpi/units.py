"""Units of figures: what a column, a measure, a KPI or a formula over them is counted in.

A unit is a product of powers of currencies (JPY), `count`, `days`, `hours`, `minutes` and `score`: JPY /
count is JPY per count, count * percent is count. Sums and comparisons want the same unit on both sides, and
amounts with tax never meet amounts without. A column that is only a number says nothing of its unit and
fits anywhere; what is written as a constant (1, 0, 100) fits anywhere too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

Tax = Literal["included", "excluded"]
TIMES = ("days", "hours", "minutes")
WORDS = ("count", "percent", *TIMES, "score", "rate")
_CURRENCY = re.compile(r"[A-Z]{3}")


class UnitError(ValueError):
    """Two figures that don't go together; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


@dataclass(frozen=True)
class Unit:
    """`powers`: (base, exponent), sorted, none of them 0. `tax`: of an amount, None where it is not said.

    `known`: False where a plain number takes part, so that other bases may hide in it (never a currency).
    `constant`: written in the formula. `whole`: a factor of this kind is no tax rate (counts, whole numbers).
    """

    powers: tuple[tuple[str, int], ...] = ()
    tax: Tax | None = None
    known: bool = True
    constant: bool = False
    whole: bool = True

    @property
    def above(self) -> tuple[str, ...]:
        """Bases that the unit multiplies, as often as they do."""
        return tuple(base for base, power in self.powers for _ in range(power))

    @property
    def below(self) -> tuple[str, ...]:
        """Bases that the unit divides by."""
        return tuple(base for base, power in self.powers for _ in range(-power))

    @property
    def currencies(self) -> tuple[tuple[str, int], ...]:
        return tuple((base, power) for base, power in self.powers if is_currency(base))

    def __str__(self) -> str:
        if self.constant or (not self.known and not self.powers):
            return "a plain number"
        above = " x ".join(self.above) or "1"
        below = "".join(f" per {base}" for base in self.below)
        tax = f", tax {self.tax}" if self.tax else ""
        return "a plain ratio" if not self.powers else f"{above}{below}{tax}"

    def plus(self, other: Unit, what: str = "adds") -> Unit:
        """The unit of a sum, difference, comparison or choice of both. Raises UnitError."""
        if self.constant or other.constant:
            return other if self.constant else self
        same = (
            self.powers == other.powers
            if self.known and other.known
            else not self.currencies or not other.currencies or self.currencies == other.currencies
        )
        if not same:
            raise UnitError(f"{what} {self} and {other}", _hint(self, other))
        if self.tax and other.tax and self.tax != other.tax:
            raise UnitError(
                f"{what} an amount with tax {self.tax} and one with tax {other.tax}",
                "convert one of them in a column that declares tax:",
            )
        found = self if self.known else other
        if not found.currencies:
            found = other if other.currencies else found
        return replace(
            found, tax=self.tax if self.tax == other.tax else None, whole=self.whole and other.whole
        )

    def times(self, other: Unit) -> Unit:
        """The unit of a product. Raises UnitError."""
        return self._joined(other, 1, "multiplies")

    def over(self, other: Unit) -> Unit:
        """The unit of a quotient. Raises UnitError."""
        return self._joined(other, -1, "divides")

    def _joined(self, other: Unit, sign: int, what: str) -> Unit:
        if self.tax and other.tax and self.tax != other.tax:
            raise UnitError(
                f"{what} an amount with tax {self.tax} and one with tax {other.tax}",
                "take both with tax or both without",
            )
        powers = dict(self.powers)
        for base, power in other.powers:
            powers[base] = powers.get(base, 0) + sign * power
        known = self.known and other.known
        if (self.constant != other.constant) and any(base in TIMES for base in powers):
            # minutes / 60 are hours: a constant may change the unit of time.
            powers = {base: power for base, power in powers.items() if base not in TIMES}
            known = False
        kept = tuple(sorted((base, power) for base, power in powers.items() if power))
        # An amount times 1.1 or times a rate may be the amount with tax.
        tax = self.tax if other.whole else None
        if tax is None and self.whole:
            tax = other.tax
        return Unit(
            kept,
            tax if any(is_currency(base) for base, _ in kept) else None,
            known,
            self.constant and other.constant,
            self.whole and other.whole and not (self.constant and other.constant and sign < 0),
        )


ONE = Unit()  # a share, a rate of like things
COUNT = Unit((("count", 1),))
PLAIN = Unit(known=False)  # an integer column: anything but an amount
NUMBER = Unit(known=False, whole=False)
SHARE = Unit(whole=False)  # a percent column
CONSTANT = Unit(constant=True)
FRACTION = Unit(constant=True, whole=False)  # a constant such as 1.1


def is_currency(text: str) -> bool:
    """Whether `text` has the form of an ISO code, JPY."""
    return _CURRENCY.fullmatch(text) is not None


def is_unit(text: str) -> bool:
    """Whether a KPI may declare it."""
    return text in WORDS or is_currency(text)


def money(currency: str | None, tax: Tax | None = None) -> Unit:
    """The unit of an amount; of unknown currency where `currency` is None."""
    return Unit(((currency, 1),), tax) if currency else replace(PLAIN, tax=tax)


def declared(text: str) -> Unit:
    """The unit that a KPI declares: `count`, `percent`, `hours`, `JPY`, ... `rate` says nothing."""
    if text == "rate":
        return NUMBER
    return ONE if text == "percent" else Unit(((text, 1),))


def settled(text: str, found: Unit, *, sure: bool) -> Unit:
    """What a KPI is counted in: as its formula says, else as it declares by `text`.

    `sure`: a sum or mean of a plain number, which is then wholly known; else (a quotient of two such) the
    declared word may hide a `per ...`.
    """
    if found.known and not found.constant:
        return found
    if text == "rate":
        return replace(found, constant=False)
    own = declared(text)
    if not sure:
        return replace(own, known=False, tax=found.tax)
    below = Unit(tuple((base, power) for base, power in found.powers if power < 0))
    return replace(own.times(below), tax=found.tax if own.currencies else None)


def disagreement(text: str, found: Unit) -> str:
    """Why a KPI whose formula gives `found` can't declare the unit `text`; '' where it can.

    What is counted `per` something goes by the unit above: JPY per count is `JPY`, count per hour `count` or
    `rate`. Like over like may be a `percent`, a `count` (items an order), a `score` or a `rate`.
    """
    if found.constant or _fits(text, found):
        return ""
    return f"the unit is {text}, but the formula gives {found}"


def fitting(found: Unit) -> str:
    """The word that a KPI of this unit declares, '' where none is plain."""
    if not found.known:
        return found.currencies[0][0] if len(found.currencies) == 1 else ""
    if not found.powers:
        return "percent"
    return found.above[0] if len(found.above) == 1 else "rate" if not found.above else ""


def _fits(text: str, found: Unit) -> bool:
    above, below = found.above, found.below
    if is_currency(text):
        if not found.currencies:
            return not found.known
        return found.currencies == ((text, 1),) and (above == (text,) or not found.known)
    if any(is_currency(base) for base in above):
        return text == "rate" and bool(below)
    if text == "rate":
        return True
    if any(is_currency(base) for base in below):
        return False
    if text in TIMES:
        return above == (text,) and not set(below) & set(TIMES) if found.known else set(above) <= {text}
    if not found.known:
        return not set(above) & set(TIMES) or text == "percent"
    if text == "percent":
        return not found.powers
    if text == "count":
        return above == ("count",) or not found.powers
    return above == ("score",) or not found.powers


def _hint(one: Unit, other: Unit) -> str:
    if one.currencies and other.currencies and one.currencies != other.currencies:
        return "convert one of them in a column that declares currency:"
    return "figures that are added or compared have one unit"


def summed(unit: Unit) -> Unit:
    """The unit of a sum over rows: of constants (1 or -1 for each row) it is a plain number."""
    return PLAIN if unit.constant else unit
