"""The exports of those who look after customers: tickets, surveys, contracts, use, members."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

from dagster_project.sample.files import write_csv, write_lines
from dagster_project.sample.forms import known, minute, months_of, plain, slashed, yen
from dagster_project.sample.members import Member
from dagster_project.sample.subscriptions import USAGE_FROM, Subscriptions
from dagster_project.sample.support import Satisfaction, Ticket
from dagster_project.sample.surveys import Response

_ONE_DAY = timedelta(days=1)


def write_support(folder: Path, tickets: list[Ticket], end: date) -> None:
    """Writes the ticket system's list: CP932, times to the minute, empty where nothing happened yet."""

    def happened(moment: datetime | None) -> str:
        return minute(moment) if moment is not None and moment.date() <= end else ""

    write_csv(
        folder / f"tickets_{end + _ONE_DAY:%Y%m%d}.csv",
        [
            "チケット番号",
            "チャネル",
            "区分",
            "受付日時",
            "初回応答日時",
            "完了日時",
            "対応時間(分)",
            "途中放棄",
        ],
        (
            (
                ticket.id,
                ticket.channel,
                ticket.kind,
                minute(ticket.received_at),
                happened(ticket.answered_at),
                happened(ticket.closed_at),
                ticket.minutes if happened(ticket.closed_at) else "",
                "○" if ticket.given_up else "×",
            )
            for ticket in tickets
        ),
        "cp932",
    )


def write_surveys(
    folder: Path,
    satisfaction: list[Satisfaction],
    recommendation: list[Response],
    awareness: list[Response],
    contentment: list[Response],
    end: date,
) -> None:
    """Writes what the survey tool holds, a file a survey, each under three lines about itself."""
    _write_survey(
        folder / f"csat_{end + _ONE_DAY:%Y%m%d}.csv",
        "お問い合わせ後アンケート",
        ["回答ID", "回答日", "チケット番号", "チャネル", "対応にどの程度満足しましたか"],
        [
            (reply.id, slashed(reply.answered_on), reply.ticket.id, reply.ticket.channel, reply.answer)
            for reply in satisfaction
        ],
        "utf-8-sig",
        end,
    )
    for name, title, group, question, responses, encoding in (
        ("nps", "推奨度調査", "企業規模", "他社に薦める可能性(0-10)", recommendation, "utf-8-sig"),
        ("brand", "ブランド認知調査", "年代", "みちしるべを知っていますか", awareness, "cp932"),
        ("employee", "社員意識調査", "部門", "総合満足度(1-5)", contentment, "cp932"),
    ):
        _write_survey(
            folder / f"{name}_{end + _ONE_DAY:%Y%m%d}.csv",
            title,
            ["回答ID", "回答日", group, question],
            [(reply.id, slashed(reply.day), reply.group, reply.answer) for reply in responses],
            encoding,
            end,
        )


def _write_survey(
    path: Path, title: str, header: list[str], rows: list[tuple[str, ...]], encoding: str, end: date
) -> None:
    above = (
        f"アンケート名：{title}（架空データ）",
        f"出力日：{slashed(end + _ONE_DAY)}",
        f"回答数：{len(rows):,}",
    )
    write_csv(path, header, rows, encoding, above=above)


def write_billing(folder: Path, book: Subscriptions, end: date) -> None:
    """Writes the billing system's contract terms and changes, and the onboarding list beside it (CP932)."""
    written_on = f"{end + _ONE_DAY:%Y%m%d}"
    write_csv(
        folder / f"契約明細_{written_on}.csv",
        ["契約番号", "枝番", "顧客番号", "商品", "プラン", "月額(税抜)", "開始日", "終了日(適用外初日)"],
        (
            (
                term.contract_id,
                term.number,
                term.customer_id,
                term.product,
                term.plan,
                yen(term.fee),
                slashed(term.starts_on),
                slashed(term.ends_on),
            )
            for term in book.terms
        ),
        "cp932",
    )
    write_csv(
        folder / f"契約変更_{written_on}.csv",
        ["変更番号", "変更日", "顧客番号", "契約番号", "変更内容"],
        (
            (change.id, slashed(change.day), change.customer_id, change.contract_id, change.kind)
            for change in book.changes
        ),
        "cp932",
    )
    write_csv(
        folder / f"導入状況_{written_on}.csv",
        ["顧客番号", "企業規模", "契約開始日", "導入完了日"],
        (
            (customer.id, customer.size, plain(customer.started_on), plain(customer.onboarded_on))
            for customer in book.customers
        ),
        "cp932",
    )


def write_usage(folder: Path, rows: Iterable[tuple[date, str, int, int]], start: date, end: date) -> None:
    """Writes the service's log, one JSON object a line, a file a month."""
    by_month: dict[tuple[int, int], list[str]] = {}
    for day, customer, logins, actions in rows:
        record = {"date": f"{day}", "account": {"id": customer}, "logins": logins, "actions": actions}
        by_month.setdefault((day.year, day.month), []).append(json.dumps(record, separators=(",", ":")))
    for written_on, first, _ in months_of(max(start, USAGE_FROM), end):
        lines = by_month.get((first.year, first.month), [])
        if lines:
            write_lines(folder / f"usage_{written_on:%Y%m%d}.ndjson", lines)


def write_members(folder: Path, members: list[Member], end: date) -> None:
    """Writes everybody who ever registered (UTF-8 with BOM); times carry the offset of Tokyo."""
    write_csv(
        folder / f"会員_{end + _ONE_DAY:%Y%m%d}.csv",
        ["会員番号", "会員区分", "登録日時", "退会日"],
        (
            (
                member.id,
                member.kind,
                f"{member.registered_at:%Y-%m-%dT%H:%M:%S}+09:00",
                plain(known(member.deleted_on, end)),
            )
            for member in members
        ),
        "utf-8-sig",
    )
