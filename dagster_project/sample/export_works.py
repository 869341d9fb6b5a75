"""The exports of development, of the factory, and of the networks that posts and ads appear on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from dagster_project.sample.factory import Incident, Run
from dagster_project.sample.files import write_csv
from dagster_project.sample.forms import era, known, months_of, plain, slashed
from dagster_project.sample.social import Post, Reach
from dagster_project.sample.software import Project, WorkItem

_ONE_DAY = timedelta(days=1)


def write_development(folder: Path, items: list[WorkItem], projects: list[Project], end: date) -> None:
    """Writes the issue tracker's list (UTF-8 with BOM) and the project ledger (CP932)."""
    written_on = f"{end + _ONE_DAY:%Y%m%d}"
    write_csv(
        folder / f"課題_{written_on}.csv",
        [
            "課題キー",
            "対象システム",
            "種別",
            "予定時間",
            "登録日",
            "期限日",
            "完了日",
            "公開日",
            "検出時期",
        ],
        (
            (
                item.id,
                item.system,
                item.kind,
                item.hours,
                slashed(item.created_on),
                slashed(item.due_on),
                slashed(known(item.done_on, end)),
                slashed(known(item.released_on, end)),
                item.found_in,
            )
            for item in items
        ),
        "utf-8-sig",
    )
    write_csv(
        folder / f"案件_{written_on}.csv",
        ["案件番号", "対象システム", "開始日", "納期", "納品日"],
        (
            (
                project.id,
                project.system,
                plain(project.started_on),
                plain(project.due_on),
                plain(known(project.delivered_on, end)),
            )
            for project in projects
        ),
        "cp932",
    )


def write_factory(folder: Path, runs: list[Run], incidents: list[Incident], start: date, end: date) -> None:
    """Writes the production log (TSV, CP932, a file a month with a total row) and the accident ledger."""
    for written_on, first, last in months_of(start, end):
        month = [run for run in runs if first <= run.day <= last]
        if not month:
            continue
        write_csv(
            folder / f"production_{written_on:%Y%m%d}.tsv",
            [
                "日付",
                "勤務",
                "ライン",
                "品目",
                "計画時間(分)",
                "計画停止(分)",
                "稼働時間(分)",
                "基準サイクル(秒)",
                "受注数",
                "生産数",
                "不良数",
            ],
            (
                (
                    plain(run.day),
                    run.shift,
                    run.line,
                    run.item,
                    run.planned,
                    run.stops,
                    run.running,
                    run.ideal_seconds,
                    run.demanded,
                    run.units,
                    run.defects,
                )
                for run in month
            ),
            "cp932",
            delimiter="\t",
            below=(
                "合計",
                "",
                "",
                "",
                sum(run.planned for run in month),
                sum(run.stops for run in month),
                sum(run.running for run in month),
                "",
                sum(run.demanded for run in month),
                sum(run.units for run in month),
                sum(run.defects for run in month),
            ),
        )
    write_csv(
        folder / f"災害_{end + _ONE_DAY:%Y%m%d}.csv",
        ["番号", "発生日", "部門", "区分", "死傷者数", "労働損失日数"],
        (
            (
                incident.id,
                era(incident.day),
                incident.department,
                incident.kind,
                incident.casualties,
                incident.lost_days,
            )
            for incident in incidents
        ),
        "cp932",
    )


def write_social(folder: Path, posts: list[Post], end: date) -> None:
    """Writes the posts with their counts as they now stand (UTF-8 with BOM)."""
    write_csv(
        folder / f"posts_{end + _ONE_DAY:%Y%m%d}.csv",
        ["投稿ID", "投稿日時", "媒体", "表示回数", "いいね", "シェア", "コメント"],
        (
            (
                post.id,
                f"{post.at:%Y-%m-%d %H:%M}",
                post.network,
                f"{post.impressions:,}",
                post.likes,
                post.shares,
                post.comments,
            )
            for post in posts
        ),
        "utf-8-sig",
    )


def write_reach(folder: Path, rows: Iterable[Reach], end: date) -> None:
    """Writes the platform's reach report: lines with # above the header."""
    write_csv(
        folder / f"reach_{end + _ONE_DAY:%Y%m%d}.csv",
        ["期間", "開始日", "リーチ"],
        ((row.span, f"{row.first:%Y-%m-%d}", f"{row.people:,}") for row in rows),
        "utf-8-sig",
        above=("# リーチ レポート（架空データ）", f"# 作成日 {end + _ONE_DAY:%Y-%m-%d}", "#"),
    )
