"""What the generator knows, against what a reader finds in the files."""

from __future__ import annotations

import gzip
import json
import unicodedata
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from dagster_project.sample import ads, sfa, shop
from dagster_project.sample.days import days_of
from dagster_project.sample.sessions import Session, Visitors

FIRST, LAST = date(2026, 7, 1), date(2026, 8, 31)


@pytest.fixture(scope="module")
def salesforce() -> sfa.SalesForce:
    return sfa.simulate(FIRST, LAST)


@pytest.fixture(scope="module")
def orders() -> list[shop.Order]:
    return shop.simulate(FIRST, LAST)


@pytest.fixture(scope="module")
def sessions(salesforce: sfa.SalesForce, orders: list[shop.Order]) -> list[Session]:
    visitors = Visitors()
    return [
        session
        for day in days_of(FIRST, LAST)
        for session in visitors.sessions_of(
            day,
            [order for order in orders if order.at.date() == day],
            [lead for lead in salesforce.leads if lead.created_on == day],
        )
    ]


def read_csv(folder: Path, glob: str, encoding: str, **options: object) -> pd.DataFrame:
    paths = sorted(folder.glob(glob))
    frames = [pd.read_csv(path, encoding=encoding, dtype=str, **options) for path in paths]
    return pd.concat(frames, ignore_index=True).fillna("")


def yen(column: pd.Series) -> pd.Series:
    plain = column.map(lambda text: unicodedata.normalize("NFKC", text).replace(",", "").removesuffix("円"))
    return plain.astype(int)


def test_won_amounts_in_the_file_are_those_of_the_deals(summer: Path, salesforce: sfa.SalesForce) -> None:
    deals = read_csv(summer, "sfa/商談_*.csv", "cp932")
    won = [deal for deal in salesforce.deals if deal.won and deal.closed_on <= LAST]
    assert len(deals) == len(salesforce.deals)
    assert won
    read = deals[deals["フェーズ"] == "受注"]
    assert yen(read["金額(税抜)"]).sum() == sum(deal.amount for deal in won)
    assert yen(read["原価(税抜)"]).sum() == sum(deal.cost for deal in won)


def test_open_deals_have_no_closing_day_and_lost_ones_no_amount(summer: Path) -> None:
    deals = read_csv(summer, "sfa/商談_*.csv", "cp932")
    is_open = ~deals["フェーズ"].isin(["受注", "失注"])
    assert set(deals["フェーズ"]) == {*sfa.OPEN_STAGES, "受注", "失注"}
    assert (deals.loc[is_open, "クローズ日"] == "").all()
    assert (deals.loc[~is_open, "クローズ日"] != "").all()
    assert (deals.loc[deals["フェーズ"] == "失注", "金額(税抜)"] == "0").all()


def test_every_deal_knows_its_lead_account_and_owner(summer: Path) -> None:
    deals = read_csv(summer, "sfa/商談_*.csv", "cp932")
    leads = read_csv(summer, "sfa/見込客_*.csv", "cp932")
    accounts = read_csv(summer, "sfa/取引先_*.csv", "cp932")
    reps = read_csv(summer, "sfa/営業担当_*.csv", "cp932")
    assert set(deals["リードID"]) <= set(leads["リードID"])
    assert set(deals["取引先ID"]) == set(accounts["取引先ID"])
    assert set(deals["担当者ID"]) < set(reps["担当者ID"])
    joined = deals.merge(leads, on="リードID")
    assert (joined["商談作成日"] > joined["作成日"]).all()


def test_the_newest_export_of_a_line_gives_the_shops_true_total(
    summer: Path, orders: list[shop.Order]
) -> None:
    lines = read_csv(summer, "shop/*.csv", "utf-8-sig")
    newest = lines.drop_duplicates(["注文番号", "明細番号"], keep="last")
    paid = newest[newest["ステータス"] == "支払済"]
    true_lines = [
        line for order in orders if order.status(LAST) == "支払済" for line in order.lines_known(LAST)
    ]
    assert paid["小計(税抜)"].astype(int).sum() == sum(line.net_amount for line in true_lines)
    assert paid["数量"].astype(int).sum() == sum(line.quantity for line in true_lines)
    assert newest["注文番号"].nunique() == len(orders)


def test_an_order_refunded_a_month_later_comes_again_with_its_new_status(summer: Path) -> None:
    lines = read_csv(summer, "shop/*.csv", "utf-8-sig")
    statuses = lines.groupby(["注文番号", "明細番号"])["ステータス"].agg(tuple)
    assert ("支払済", "返金済") in set(statuses)
    first_only = lines.drop_duplicates(["注文番号", "明細番号"], keep="first")
    assert (first_only["ステータス"] == "支払済").sum() > 0


def test_events_hold_every_step_of_every_session(summer: Path, sessions: list[Session]) -> None:
    read = [
        json.loads(line)
        for path in sorted((summer / "ga4").iterdir())
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]
    # steps after the last midnight are not in any file yet
    steps = [
        step
        for session in sessions
        for step in session.steps
        if session.day + timedelta(days=(session.began + step.after) // 86_400) <= LAST
    ]
    assert sorted(event["event_name"] for event in read) == sorted(step.name for step in steps)
    revenue = sum(event["ecommerce"].get("purchase_revenue", 0) for event in read)
    assert revenue == sum(step.revenue for step in steps) > 0


def test_measured_purchases_are_most_orders_of_the_shop_and_no_others(
    sessions: list[Session], orders: list[shop.Order]
) -> None:
    bought = [step.order_id for session in sessions for step in session.steps if step.order_id]
    assert len(bought) == len(set(bought))
    assert set(bought) < {order.id for order in orders}
    assert 0.75 < len(bought) / len(orders) < 0.95


def test_googles_total_row_is_the_sum_of_its_days(summer: Path) -> None:
    for path in sorted((summer / "ads").glob("google_*.csv")):
        rows = pd.read_csv(path, encoding="utf-8-sig", dtype=str, skiprows=2)
        days, total = rows.iloc[:-1], rows.iloc[-1]
        assert total["日"] == "合計"
        for column in ("表示回数", "クリック数", "費用", "コンバージョン値"):
            assert yen(days[column]).sum() == int(total[column].replace(",", ""))


def test_ad_conversions_are_those_of_the_sessions_that_ads_brought(
    summer: Path, sessions: list[Session]
) -> None:
    google = read_csv(summer, "ads/google_*.csv", "utf-8-sig", skiprows=2)
    google = google[google["日"] != "合計"]
    yahoo = read_csv(summer, "ads/yahoo_*.csv", "cp932")
    came = [session for session in sessions if session.came_by[1] == "cpc"]
    reported = google["コンバージョン"].astype(float).sum() + yahoo["コンバージョン数"].astype(int).sum()
    assert reported == sum(session.conversions for session in came) > 0
    value = yen(google["コンバージョン値"]).sum() + yahoo["コンバージョンの価値"].astype(int).sum()
    assert value == sum(session.revenue for session in came) > 0
    assert not google.duplicated(["日", "キャンペーン"]).any()
    assert set(google["キャンペーン"]) | set(yahoo["キャンペーン名"]) == set(ads.CAMPAIGNS)
