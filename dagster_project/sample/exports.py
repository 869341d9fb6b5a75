"""The exports of the SFA, the shop and the ad platforms: which columns, in which words, in which files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from dagster_project.sample.activities import Activity
from dagster_project.sample.ads import AdDay
from dagster_project.sample.files import write_csv
from dagster_project.sample.forms import months_of, slashed
from dagster_project.sample.sfa import OPEN_STAGES, ROSTER, Deal, SalesForce
from dagster_project.sample.shop import Order

_ONE_DAY = timedelta(days=1)


def write_sfa(folder: Path, force: SalesForce, activities: list[Activity]) -> None:
    """Writes all of the SFA's tables as of the span's end; file names carry the day after.

    Names are kanji only: letters with a voicing mark are stored in two ways by different file systems.
    """
    written_on = force.end + _ONE_DAY
    end = force.end

    def name(table: str) -> Path:
        return folder / f"{table}_{written_on:%Y%m%d}.csv"

    write_csv(
        name("商談"),
        [
            "商談ID",
            "商談名",
            "取引先ID",
            "リードID",
            "担当者ID",
            "商品",
            "フェーズ",
            "商談作成日",
            "完了予定日",
            "クローズ日",
            "見込金額(税抜)",
            "金額(税抜)",
            "原価(税抜)",
            "最終更新日",
        ],
        (_deal_row(deal, end) for deal in force.deals),
        "cp932",
    )
    write_csv(
        name("見込客"),
        [
            "リードID",
            "作成日",
            "種別",
            "流入元",
            "キャンペーン",
            "担当者ID",
            "取引先ID",
            "会社名",
            "氏名",
            "メールアドレス",
        ],
        (
            (
                lead.id,
                slashed(lead.created_on),
                lead.kind,
                lead.source,
                lead.campaign,
                lead.owner,
                lead.account_id,
                lead.company,
                lead.contact,
                f"{lead.id.lower()}@customer.example",
            )
            for lead in force.leads
        ),
        "cp932",
    )
    write_csv(
        name("取引先"),
        ["取引先ID", "取引先名", "業種", "都道府県", "登録日", "先方担当者名", "メールアドレス", "電話番号"],
        (
            (
                account.id,
                account.name,
                account.industry,
                account.prefecture,
                slashed(account.registered_on),
                account.contact,
                f"{account.id.lower()}@customer.example",
                f"03-0000-{int(account.id[1:]) % 10_000:04d}",
            )
            for account in force.accounts
        ),
        "cp932",
    )
    write_csv(
        name("活動"),
        ["活動ID", "活動日時", "種別", "きっかけ", "担当者ID", "取引先ID", "リードID"],
        (
            (
                f"T{number:07d}",
                f"{activity.at:%Y/%m/%d %H:%M}",
                activity.kind,
                activity.origin,
                activity.owner,
                activity.account_id,
                activity.lead_id,
            )
            for number, activity in enumerate(activities, start=1)
        ),
        "cp932",
    )
    write_csv(
        name("営業担当"),
        ["担当者ID", "氏名", "チーム", "入社日"],
        ((rep.id, rep.name, rep.team, slashed(rep.joined_on)) for rep in ROSTER if rep.joined_on <= end),
        "cp932",
    )


def _deal_row(deal: Deal, end: date) -> tuple[str, ...]:
    closed = deal.closed_on <= end
    if closed:
        stage, updated_on = ("受注" if deal.won else "失注"), deal.closed_on
    else:
        length, age = (deal.closed_on - deal.created_on).days, (end - deal.created_on).days
        stage = OPEN_STAGES[min(len(OPEN_STAGES) * age // max(length, 1), len(OPEN_STAGES) - 1)]
        updated_on = deal.created_on + timedelta(days=age * 3 // 4)
    lost = closed and not deal.won
    return (
        deal.id,
        f"{deal.account.name} {deal.product}",
        deal.account.id,
        deal.lead.id,
        deal.lead.owner,
        deal.product,
        stage,
        slashed(deal.created_on),
        slashed(deal.closed_on),
        slashed(deal.closed_on) if closed else "",
        f"{deal.amount:,}",
        "0" if lost else _as_typed(deal.amount, int(deal.id[1:])),
        "0" if lost else f"{deal.cost:,}",
        slashed(updated_on),
    )


def _as_typed(amount: int, number: int) -> str:
    """An amount the ways people enter it: mostly 1,234,000, at times plain, with 円, or full-width."""
    if number % 29 == 0:
        return f"{amount:,}円"
    if number % 17 == 0:
        return str(amount)
    if number % 101 == 0:
        return f"{amount:,}".translate(str.maketrans("0123456789,", "０１２３４５６７８９，"))
    return f"{amount:,}"


def write_shop(folder: Path, orders: list[Order], start: date, end: date) -> None:
    """Writes the order lines month by month: orders placed or changed in the month, as they then stood."""
    header = [
        "注文番号",
        "明細番号",
        "注文日時",
        "会員ID",
        "商品コード",
        "商品名",
        "カテゴリ",
        "数量",
        "単価(税込)",
        "小計(税抜)",
        "仕入原価(税抜)",
        "ステータス",
        "クーポン",
    ]
    for written_on, first, last in months_of(start, end):
        touched = (order for order in orders if order.at.date() <= last and order.touched(first, last))
        write_csv(
            folder / f"order_lines_{written_on:%Y%m%d}.csv",
            header,
            (row for order in touched for row in _order_rows(order, last)),
            "utf-8-sig",
        )


def _order_rows(order: Order, known_on: date) -> Iterator[tuple[object, ...]]:
    for line in order.lines_known(known_on):
        yield (
            order.id,
            line.number,
            f"{order.at:%Y/%m/%d %H:%M}",
            order.customer_id or "ゲスト",
            line.item.sku,
            line.item.name,
            line.item.category,
            line.quantity,
            line.item.price * 110 // 100,
            line.net_amount,
            line.cost,
            order.status(known_on),
            order.coupon,
        )


def write_ads(folder: Path, rows: Iterable[AdDay], start: date, end: date) -> None:
    """Writes Google's months (a title, the period, a total row) and Yahoo's one file with everything."""
    by_platform: dict[str, list[AdDay]] = {"google": [], "yahoo": []}
    for row in rows:
        by_platform[row.platform].append(row)
    for written_on, first, last in months_of(start, end):
        month = [row for row in by_platform["google"] if first <= row.day <= last]
        write_csv(
            folder / f"google_{written_on:%Y%m%d}.csv",
            ["日", "キャンペーン", "表示回数", "クリック数", "費用", "コンバージョン", "コンバージョン値"],
            (
                (
                    f"{row.day:%Y-%m-%d}",
                    row.campaign,
                    f"{row.impressions:,}",
                    f"{row.clicks:,}",
                    f"{row.cost:,}",
                    f"{row.conversions}.00",
                    f"{row.value:,}",
                )
                for row in month
            ),
            "utf-8-sig",
            above=("キャンペーン レポート（架空データ）", f"{_japanese(first)} - {_japanese(last)}"),
            below=(
                "合計",
                "",
                f"{sum(row.impressions for row in month):,}",
                f"{sum(row.clicks for row in month):,}",
                f"{sum(row.cost for row in month):,}",
                f"{sum(row.conversions for row in month)}.00",
                f"{sum(row.value for row in month):,}",
            ),
        )
    write_csv(
        folder / f"yahoo_{end + _ONE_DAY:%Y%m%d}.csv",
        [
            "日付",
            "キャンペーン名",
            "インプレッション数",
            "クリック数",
            "コスト",
            "コンバージョン数",
            "コンバージョンの価値",
        ],
        (
            (
                slashed(row.day),
                row.campaign,
                row.impressions,
                row.clicks,
                row.cost,
                row.conversions,
                row.value,
            )
            for row in by_platform["yahoo"]
        ),
        "cp932",
    )


def _japanese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
