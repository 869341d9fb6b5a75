"""What a KPI is, as a sentence in Japanese or English, from its resolved definition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dagster_project.kpi.model import Definitions, Kpi, Leaf, Measure

_MACRO = re.compile(r"\{\{ (\w+)\(([^{}]*)\) \}\}")

_BEFORE = re.compile(r" (\d+) (day|week|month|quarter|half|year|fiscal_year)s? before")
_SPANS = {
    "day": "日",
    "week": "週間",
    "month": "か月",
    "quarter": "四半期",
    "half": "半期",
    "year": "年",
    "fiscal_year": "年度",
}

_AGGREGATES = {
    "en": {
        "count": "number of {of}",
        "sum": "sum of {what} over {of}",
        "count_distinct": "number of different {what} in {of}",
        "min": "least {what} of {of}",
        "max": "largest {what} of {of}",
        "median": "median of {what} over {of}",
        "percentile": "{percentile} % percentile of {what} over {of}",
        "only": "the one {what} that {of} give for the period",
        "average": "mean of {what} over {of}",
    },
    "ja": {
        "count": "{of}の件数",
        "sum": "{of}の{what}の合計",
        "count_distinct": "{of}の{what}の種類数",
        "min": "{of}の{what}の最小",
        "max": "{of}の{what}の最大",
        "median": "{of}の{what}の中央値",
        "percentile": "{of}の{what}の{percentile}パーセンタイル",
        "only": "{of}がその期間に示す唯一の{what}",
        "average": "{of}の{what}の平均",
    },
}
_STOCK_DAY = {
    "en": {
        "last": "on the last day",
        "opening": "when the period began",
        "average": "as the mean of its days",
        "midpoint": "as the mean of opening and last day",
        "any": "on some day of the period",
    },
    "ja": {
        "last": "期末時点",
        "opening": "期首時点",
        "average": "期間中の日平均",
        "midpoint": "期首と期末の平均",
        "any": "期間中のいずれかの日",
    },
}
_ALSO_IN = {
    "en": {"next_period": "also in the next period", "previous_period": "also in the previous period"},
    "ja": {"next_period": "次の期間にもあるもの", "previous_period": "前の期間にもあるもの"},
}
_GRAINS = {
    "en": {"month": "month", "quarter": "quarter", "half": "half", "fiscal_year": "fiscal year"},
    "ja": {"month": "月初", "quarter": "四半期初", "half": "半期初", "fiscal_year": "年度初"},
}


def plain_sql(sql: str) -> str:
    """An expression as it was written: without the template marks of the compiler."""
    return _MACRO.sub(lambda match: f"{match[1]}({match[2].replace(chr(34), '')})", sql)


@dataclass(frozen=True)
class Words:
    """Sentences in one language; names of other KPIs become their labels."""

    definitions: Definitions
    language: str

    def kpi(self, kpi: Kpi) -> str:
        """The KPI in one sentence, without its own name."""
        if kpi.type == "conversion":
            return self._conversion(kpi)
        if kpi.type == "cumulative":
            return self._cumulative(kpi)
        if kpi.formula is not None:
            return self._named(kpi.definition)
        leaf = kpi.leaves[0]
        if leaf.denominator is None:
            return self._measure(leaf.numerator.measure)
        if kpi.type == "simple":  # an average: sum over count of the same rows
            return self._measure(leaf.numerator.measure, agg="average")
        above, below = (self._operand(side.measure) for side in (leaf.numerator, leaf.denominator))
        scale = "" if leaf.scale == 1 else f"{leaf.scale:,.10g} × "
        return f"{scale}{above} ÷ {below}" if scale == "" else f"{scale}({above}) ÷ ({below})"

    def dates(self, kpi: Kpi) -> str:
        """The dates of record, `entity.column`, each once."""
        found: dict[str, None] = {}
        for operand in kpi.operands:
            measure = operand.measure
            if measure.spread is not None:
                text = f"{measure.entity}.{measure.spread.start} – {measure.spread.through}"
            elif measure.stock is not None and measure.stock.start is not None:
                text = f"{measure.entity}.{measure.stock.start} – {measure.stock.end or ''}".rstrip(" –")
            else:
                text = f"{measure.entity}.{measure.time}"
            found[f"`{text}`"] = None
        return ", ".join(found)

    def _label(self, name: str) -> str:
        return self.definitions.kpi(name).label.in_language(self.language)

    def _named(self, text: str) -> str:
        """`text` with the names of KPIs written as their labels."""
        labels: Mapping[str, str] = {
            kpi.name: kpi.label.in_language(self.language) for kpi in self.definitions.kpis
        }
        if self.language == "ja":
            text = _BEFORE.sub(lambda match: f" {match[1]}{_SPANS[match[2]]}前", text)
        return re.sub(r"[a-z_][a-z0-9_]*", lambda match: labels.get(match[0], match[0]), text)

    def _operand(self, measure: Measure) -> str:
        if any(kpi.name == measure.name for kpi in self.definitions.kpis):
            return self._label(measure.name)
        return self._measure(measure)

    def _measure(self, measure: Measure, agg: str | None = None) -> str:
        entity = self.definitions.entity(measure.entity)
        text = _AGGREGATES[self.language][agg or measure.agg].format(
            of=entity.label.in_language(self.language) or entity.name,
            what=f"`{plain_sql(measure.sql)}`" if measure.sql else "",
            percentile=f"{100 * (measure.percentile or 0):g}",
        )
        notes = [f"`{plain_sql(measure.filter)}`"] if measure.filter else []
        notes += [f"having `{plain_sql(measure.having)}`"] if measure.having else []
        notes += [_ALSO_IN[self.language][measure.also_in]] if measure.also_in else []
        if measure.spread is not None:
            days = {"en": measure.spread.over.replace("_", " "), "ja": "日割り"}[self.language]
            if self.language == "ja" and measure.spread.over == "business_days":
                days = "営業日割り"
            notes.append({"en": f"spread over {days}", "ja": days}[self.language])
        if measure.stock is not None:
            notes.append(self._stock(measure))
        return f"{text} ({', '.join(notes)})" if notes else text

    def _stock(self, measure: Measure) -> str:
        stock = measure.stock
        assert stock is not None
        day = _STOCK_DAY[self.language][stock.period_agg]
        if stock.start is None:
            each = ", ".join(stock.series)
            return {"en": f"newest of each {each}, {day}", "ja": f"{each}ごとの最新、{day}"}[self.language]
        if stock.end is None:
            return {"en": f"since {stock.start}, {day}", "ja": f"{stock.start}以降、{day}"}[self.language]
        if self.language == "ja":
            return f"{stock.start}から{stock.end}{'まで' if stock.end_is_in else 'の前日まで'}、{day}"
        return f"from {stock.start} {'through' if stock.end_is_in else 'until'} {stock.end}, {day}"

    def _conversion(self, kpi: Kpi) -> str:
        leaf = kpi.leaves[0]
        converts = leaf.numerator.measure.converts
        assert converts is not None
        assert leaf.denominator is not None
        base = self._operand(leaf.denominator.measure)
        entity = self.definitions.entity(converts.entity)
        other = entity.label.in_language(self.language) or entity.name
        condition = f" (`{plain_sql(converts.filter)}`)" if converts.filter else ""
        if self.language == "ja":
            window = "いつか" if converts.window is None else f"{converts.window}日以内に"
            return f"{base}のうち、{window}{other}.{converts.time}に至った割合{condition}"
        window = "ever" if converts.window is None else f"within {converts.window} days"
        return f"share of {base} that came to {other}.{converts.time} {window}{condition}"

    def _cumulative(self, kpi: Kpi) -> str:
        name, _, _ = kpi.definition.partition(",")
        known = any(other.name == name for other in self.definitions.kpis)
        return f"{self._label(name) if known else name}, {self._span(kpi.leaves[0])}"

    def _span(self, leaf: Leaf) -> str:
        shape = leaf.shape
        if shape.grain is not None:
            grain = _GRAINS[self.language][shape.grain]
            return {"en": f"{grain} to date", "ja": f"{grain}からの累計"}[self.language]
        unit = {"en": shape.unit, "ja": {"days": "日間", "months": "か月"}.get(shape.unit, "")}[self.language]
        return {"en": f"last {shape.size} {unit}", "ja": f"直近{shape.size}{unit}"}[self.language]
