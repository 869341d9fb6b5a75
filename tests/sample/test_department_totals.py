"""What the generator knows of the other departments, against what a reader finds in their files."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from dagster_project.sample import (
    factory,
    ledger,
    members,
    recruiting,
    social,
    software,
    staff,
    subscriptions,
    support,
    surveys,
)
from dagster_project.sample.days import START

FIRST, LAST = date(2026, 7, 1), date(2026, 8, 31)


@pytest.fixture(scope="module")
def contracts() -> subscriptions.Subscriptions:
    return subscriptions.simulate(LAST)


@pytest.fixture(scope="module")
def applications() -> list[recruiting.Application]:
    return recruiting.simulate(LAST)


@pytest.fixture(scope="module")
def people(applications: list[recruiting.Application]) -> list[staff.Employee]:
    return staff.simulate(LAST, applications)


def read(folder: Path, glob: str, encoding: str = "cp932", **options: object) -> pd.DataFrame:
    paths = sorted(folder.glob(glob))
    frames = [pd.read_csv(path, encoding=encoding, dtype=str, **options) for path in paths]
    return pd.concat(frames, ignore_index=True).fillna("")


def yen(column: pd.Series) -> pd.Series:
    """Whole numbers as they are written: 1,234円, ▲1,234円."""
    plain = column.map(lambda text: unicodedata.normalize("NFKC", text).replace(",", "").removesuffix("円"))
    return plain.str.replace("▲", "-").astype(int)


def era_day(text: str) -> date | None:
    if not text:
        return None
    found = re.fullmatch(r"(令和|平成)(元|\d+)年(\d+)月(\d+)日", text)
    assert found, text
    year = 1 if found[2] == "元" else int(found[2])
    return date((2018 if found[1] == "令和" else 1988) + year, int(found[3]), int(found[4]))


def test_tickets_are_those_of_the_support_desk(summer: Path) -> None:
    tickets = support.simulate(FIRST, LAST)
    rows = read(summer, "support/*.csv")
    assert list(rows["チケット番号"]) == [ticket.id for ticket in tickets]
    closed = [ticket for ticket in tickets if ticket.closed_at and ticket.closed_at.date() <= LAST]
    assert (rows["完了日時"] != "").sum() == len(closed) < len(tickets)
    minutes = rows.loc[rows["対応時間(分)"] != "", "対応時間(分)"].astype(int).sum()
    assert minutes == sum(ticket.minutes for ticket in closed)
    assert (rows["途中放棄"] == "○").sum() == sum(ticket.given_up for ticket in tickets) > 0


def test_surveys_hold_every_answer_and_the_skipped_questions(
    summer: Path, contracts: subscriptions.Subscriptions, people: list[staff.Employee]
) -> None:
    expected = {
        "csat": [r.answer for r in support.satisfaction(support.simulate(FIRST, LAST), LAST)],
        "nps": [r.answer for r in surveys.recommendation(contracts, LAST)],
        "brand": [r.answer for r in surveys.awareness(LAST)],
        "employee": [r.answer for r in surveys.contentment(people, LAST)],
    }
    for name, answers in expected.items():
        encoding = "utf-8-sig" if name in ("csat", "nps") else "cp932"
        rows = read(summer, f"survey/{name}_*.csv", encoding, skiprows=3)
        assert list(rows.iloc[:, -1]) == answers != []
        assert rows["回答ID"].is_unique
    assert "" in expected["nps"]


def test_monthly_fees_and_changes_are_those_of_the_contracts(
    summer: Path, contracts: subscriptions.Subscriptions
) -> None:
    terms = read(summer, "billing/契約明細_*.csv")
    running = terms[terms["終了日(適用外初日)"] == ""]
    assert yen(running["月額(税抜)"]).sum() == sum(t.fee for t in contracts.terms if t.ends_on is None) > 0
    active = [customer.id for customer in contracts.customers if customer.active(LAST)]
    assert sorted(running["顧客番号"].unique()) == sorted(active)
    changes = read(summer, "billing/契約変更_*.csv")
    assert list(changes["変更内容"]) == [change.kind for change in contracts.changes]
    onboarding = read(summer, "billing/導入状況_*.csv")
    assert set(onboarding["顧客番号"]) == set(terms["顧客番号"])


def test_the_service_log_holds_every_day_of_use(summer: Path, contracts: subscriptions.Subscriptions) -> None:
    records = [
        json.loads(line)
        for path in sorted((summer / "usage").iterdir())
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    expected = list(subscriptions.usage(contracts, FIRST, LAST))
    assert len(records) == len(expected) > 0
    assert sum(record["actions"] for record in records) == sum(row[3] for row in expected)
    assert {record["account"]["id"] for record in records} == {row[1] for row in expected}


def test_members_are_registered_once_and_some_have_left(summer: Path) -> None:
    rows = read(summer, "members/*.csv", "utf-8-sig")
    expected = members.simulate(LAST)
    assert list(rows["会員番号"]) == [member.id for member in expected]
    assert (rows["退会日"] != "").sum() == sum(member.deleted_on is not None for member in expected) > 0


def test_personnel_dates_are_written_in_eras_and_mean_the_same_days(
    summer: Path, people: list[staff.Employee]
) -> None:
    rows = read(summer, "hr/社員_*.csv")
    assert list(rows["入社年月日"].map(era_day)) == [person.hired_on for person in people]
    assert [era_day(text) for text in rows["退職年月日"]] == [person.left_on for person in people]
    assert {text[:2] for text in rows["入社年月日"]} == {"令和", "平成"}


def test_applications_hold_no_day_that_has_not_come(
    summer: Path, applications: list[recruiting.Application]
) -> None:
    rows = read(summer, "hr/応募_*.csv")
    assert len(rows) == len(applications)
    for column in ("応募日", "内定日", "承諾日", "辞退日", "入社日"):
        days = [era_day(text) for text in rows[column] if text]
        assert max(day for day in days if day) <= LAST
    planned = [done for done in applications if done.joined_on and done.joined_on > LAST]
    assert (rows["入社日"] != "").sum() == sum(done.joined_on is not None for done in applications) - len(
        planned
    )
    stages = read(summer, "hr/選考_*.csv")
    judged = [passed for done in applications for _, day, passed in done.stages if day <= LAST]
    assert (stages["結果"] == "通過").sum() == sum(judged)
    assert (stages["結果"] == "不通過").sum() == len(judged) - sum(judged) > 0
    assert (stages.loc[stages["結果"] == "選考中", "判定日"] == "").all()
    assert set(stages["応募番号"]) == set(rows["応募番号"])


def test_recruiting_costs_add_up_to_their_total_row_in_thousands(
    summer: Path, applications: list[recruiting.Application]
) -> None:
    rows = read(summer, "hr/採用費_*.csv")
    body, total = rows.iloc[:-1], rows.iloc[-1]
    assert total["伝票番号"] == "合計"
    expected = recruiting.costs(applications, ledger.month_ends(START, LAST))
    assert yen(body["金額(千円)"]).sum() == sum(cost.thousands for cost in expected)
    assert yen(body["金額(千円)"]).sum() == int(total["金額(千円)"].replace(",", ""))


def test_timesheets_hold_every_hour(summer: Path, people: list[staff.Employee]) -> None:
    paths = sorted((summer / "hr").glob("timesheets_*.parquet"))
    assert [path.name for path in paths] == ["timesheets_20260801.parquet", "timesheets_20260901.parquet"]
    rows = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
    expected = list(staff.hours(people, FIRST, LAST))
    assert len(rows) == len(expected)
    assert rows["worked_hours"].sum() == sum(row.worked for row in expected)
    assert rows["available_hours"].sum() == sum(row.available for row in expected)
    assert not rows.duplicated(["work_date", "employee_id"]).any()


def test_issues_and_projects_hold_no_day_that_has_not_come(summer: Path) -> None:
    rows = read(summer, "development/課題_*.csv", "utf-8-sig")
    items = software.items(LAST)
    assert rows["予定時間"].astype(float).sum() == sum(item.hours for item in items)
    assert (rows["完了日"] != "").sum() == sum(item.done_on <= LAST for item in items) < len(items)
    assert (rows["検出時期"] == "リリース後").sum() == sum(item.found_in == "リリース後" for item in items)
    projects = read(summer, "development/案件_*.csv")
    delivered = sum(project.delivered_on <= LAST for project in software.projects(LAST))
    assert (projects["納品日"] != "").sum() == delivered < len(projects)


def test_the_production_log_adds_up_to_its_total_rows(summer: Path) -> None:
    units = 0
    for path in sorted((summer / "factory").glob("production_*.tsv")):
        rows = pd.read_csv(path, encoding="cp932", sep="\t", dtype=str)
        body, total = rows.iloc[:-1], rows.iloc[-1]
        assert total["日付"] == "合計"
        for column in ("計画時間(分)", "稼働時間(分)", "生産数", "不良数"):
            assert body[column].astype(int).sum() == int(total[column]), (path.name, column)
        units += int(total["生産数"])
    assert units == sum(run.units for run in factory.runs(FIRST, LAST)) > 0


def test_accidents_are_those_of_the_ledger(summer: Path) -> None:
    rows = read(summer, "factory/災害_*.csv")
    expected = factory.incidents(LAST)
    assert [era_day(text) for text in rows["発生日"]] == [incident.day for incident in expected]
    assert rows["労働損失日数"].astype(int).sum() == sum(incident.lost_days for incident in expected) > 0


def test_posts_and_their_counts_are_those_of_the_networks(summer: Path) -> None:
    rows = read(summer, "social/*.csv", "utf-8-sig")
    expected = social.posts(FIRST, LAST)
    assert yen(rows["表示回数"]).sum() == sum(post.impressions for post in expected) > 0
    for column, name in (("いいね", "likes"), ("シェア", "shares"), ("コメント", "comments")):
        assert rows[column].astype(int).sum() == sum(getattr(post, name) for post in expected)


def test_people_reached_in_a_month_are_fewer_than_its_days_added_up(summer: Path) -> None:
    rows = read(summer, "ads/reach_*.csv", "utf-8-sig", skiprows=3)
    people = yen(rows["リーチ"])
    months = rows["期間"] == "月"
    assert list(rows.loc[months, "開始日"]) == ["2026-07-01", "2026-08-01"]
    days = people[rows["期間"] == "日"]
    assert len(days) == (LAST - FIRST).days + 1
    assert 0 < people[months].sum() < 0.5 * days.sum()
    assert all(date.fromisoformat(day).weekday() == 0 for day in rows.loc[rows["期間"] == "週", "開始日"])


def test_expenses_add_up_to_their_total_row_with_what_was_taken_back(summer: Path) -> None:
    rows = read(summer, "accounting/*.csv")
    body, total = rows.iloc[:-1], rows.iloc[-1]
    assert yen(body["金額(税抜)"]).sum() == yen(rows["金額(税抜)"].tail(1)).sum()
    assert total["伝票番号"] == "合計"
    assert (yen(body["金額(税抜)"]) < 0).any()
    assert body["金額(税抜)"].str.startswith("▲").any()


def test_advertising_in_the_books_is_what_the_platforms_report(summer: Path) -> None:
    rows = read(summer, "accounting/*.csv").iloc[:-1]
    booked = yen(rows.loc[rows["勘定科目"] == "広告宣伝費", "金額(税抜)"]).sum()
    google = read(summer, "ads/google_*.csv", "utf-8-sig", skiprows=2)
    google = google[google["日"] != "合計"]
    assert booked == yen(google["費用"]).sum() + yen(read(summer, "ads/yahoo_*.csv")["コスト"]).sum()


def test_targets_add_up_to_the_goals_of_the_year(summer: Path) -> None:
    rows = pd.read_excel(next((summer / "planning").glob("売上目標_*.xlsx")), skiprows=1).iloc[:-1]
    year = rows[pd.to_datetime(rows["開始日"]) >= pd.Timestamp("2026-04-01")]
    by_team = year.groupby("チーム")["目標額(千円)"].sum()
    assert by_team["EC"] == pytest.approx(60_000, rel=0.01)
    assert by_team["東日本"] + by_team["西日本"] == pytest.approx(300_000, rel=0.01)
    market = pd.read_excel(next((summer / "planning").glob("市場規模_*.xlsx")), skiprows=1).iloc[:-1]
    assert list(market["市場規模(百万円)"]) == [size.millions for size in ledger.market_sizes(LAST)]
