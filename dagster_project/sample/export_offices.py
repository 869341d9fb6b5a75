"""The exports of the offices: personnel, applicants, timesheets, the books, plans."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from dagster_project.sample.files import write_csv, write_parquet, write_xlsx
from dagster_project.sample.forms import era, known, months_of, plain, slashed, yen
from dagster_project.sample.ledger import Entry, MarketSize, SalesTarget
from dagster_project.sample.recruiting import Application, RecruitingCost
from dagster_project.sample.staff import Employee, Hours

_ONE_DAY = timedelta(days=1)


def write_personnel(
    folder: Path,
    people: list[Employee],
    applications: list[Application],
    costs: list[RecruitingCost],
    end: date,
) -> None:
    """Writes the personnel system's lists: CP932, dates of the Japanese era, costs in thousands of yen."""
    written_on = f"{end + _ONE_DAY:%Y%m%d}"
    write_csv(
        folder / f"社員_{written_on}.csv",
        ["社員番号", "氏名", "所属", "入社年月日", "退職年月日"],
        (
            (person.id, person.name, person.department, era(person.hired_on), era(person.left_on))
            for person in people
        ),
        "cp932",
    )
    write_csv(
        folder / f"応募_{written_on}.csv",
        [
            "応募番号",
            "氏名",
            "区分",
            "応募経路",
            "希望部門",
            "応募日",
            "内定日",
            "承諾日",
            "辞退日",
            "入社日",
        ],
        (
            (
                done.id,
                done.name,
                done.kind,
                done.source,
                done.department,
                era(done.applied_on),
                era(known(done.offered_on, end)),
                era(known(done.accepted_on, end)),
                era(known(done.declined_on, end)),
                era(known(done.joined_on, end)),
            )
            for done in applications
        ),
        "cp932",
    )
    write_csv(
        folder / f"選考_{written_on}.csv",
        ["応募番号", "選考段階", "判定日", "結果"],
        (
            (
                done.id,
                stage,
                plain(known(judged_on, end)),
                ("通過" if passed else "不通過") if judged_on <= end else "選考中",
            )
            for done in applications
            for stage, judged_on, passed in _reached(done, end)
        ),
        "cp932",
    )
    write_csv(
        folder / f"採用費_{written_on}.csv",
        ["伝票番号", "計上日", "応募経路", "費目", "金額(千円)"],
        (
            (f"H{number:05d}", plain(cost.day), cost.source, cost.purpose, f"{cost.thousands:,}")
            for number, cost in enumerate(costs, start=1)
        ),
        "cp932",
        below=("合計", "", "", "", f"{sum(cost.thousands for cost in costs):,}"),
    )


def _reached(done: Application, end: date) -> Iterable[tuple[str, date, bool]]:
    """The stages that are over, and the one that is under way."""
    for stage, judged_on, passed in done.stages:
        yield stage, judged_on, passed
        if judged_on > end:
            return


def write_timesheets(folder: Path, rows: Iterable[Hours], start: date, end: date) -> None:
    """Writes the timesheets as Parquet, a file a month."""
    by_month: dict[tuple[int, int], list[Hours]] = {}
    for row in rows:
        by_month.setdefault((row.day.year, row.day.month), []).append(row)
    for written_on, first, _ in months_of(start, end):
        month = by_month.get((first.year, first.month), [])
        if not month:
            continue
        write_parquet(
            folder / f"timesheets_{written_on:%Y%m%d}.parquet",
            {
                "work_date": [row.day for row in month],
                "employee_id": [row.person_id for row in month],
                "department": [row.department for row in month],
                "available_hours": [row.available for row in month],
                "worked_hours": [row.worked for row in month],
            },
        )


def write_books(folder: Path, entries: list[Entry], end: date) -> None:
    """Writes the accounting system's list of expenses by department: CP932, ▲ before what is taken back."""
    write_csv(
        folder / f"経費_{end + _ONE_DAY:%Y%m%d}.csv",
        ["伝票番号", "計上日", "部門", "勘定科目", "摘要", "金額(税抜)"],
        (
            (
                f"Z{number:06d}",
                slashed(entry.day),
                entry.department,
                entry.account,
                entry.text,
                yen(entry.amount),
            )
            for number, entry in enumerate(entries, start=1)
        ),
        "cp932",
        below=("合計", "", "", "", "", yen(sum(entry.amount for entry in entries))),
    )


def write_plans(folder: Path, targets: list[SalesTarget], markets: list[MarketSize], end: date) -> None:
    """Writes management's workbooks: sales targets (thousands of yen), market size (millions)."""
    written_on = f"{end + _ONE_DAY:%Y%m%d}"
    write_xlsx(
        folder / f"売上目標_{written_on}.xlsx",
        "目標",
        "営業目標一覧（架空データ）単位：千円",
        ["担当者ID", "チーム", "開始日", "終了日", "目標額(千円)"],
        ((target.owner, target.team, target.first, target.last, target.thousands) for target in targets),
        ["合計", None, None, None, sum(target.thousands for target in targets)],
    )
    write_xlsx(
        folder / f"市場規模_{written_on}.xlsx",
        "市場規模",
        "オフィス用品市場の推計（架空データ）単位：百万円",
        ["開始日", "終了日", "市場規模(百万円)"],
        ((market.first, market.last, market.millions) for market in markets),
        ["出所：架空の業界団体", None, None],
    )
