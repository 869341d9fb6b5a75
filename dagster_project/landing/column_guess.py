"""What a column of an unknown export probably is: a proposal to check, proved by the real parsers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dagster_project.kpi.model import ColumnType, SourceColumn
from dagster_project.kpi.text import IDENTIFIER, RESERVED
from dagster_project.landing.cells import parser_for, written_form
from dagster_project.landing.numerals import BadCell
from dagster_project.landing.tables import Cell

ZONE = "Asia/Tokyo"
_NULLS = ("-", "--", "―", "－", "N/A", "n/a", "#N/A", "NA", "NULL", "null", "None", "なし", "未定")
_MONEY = re.compile(
    r"金額|売上|価格|単価|費用|予算|原価|粗利|利益|amount|price|revenue|cost|sales$|spend|budget|(?:^|_)value$|fee",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"メール|e-?mail|電話|携帯|phone|(?:^|_)tel(?:$|_)|fax|氏名|名前|住所|address|生年月日|birth|"
    r"(?:first|last|full|contact|customer|given|family)_?name|お客様名|顧客名",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}")
_PHONE = re.compile(r"(?:\+81|0)[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}")
_DAY_FIRST_OR_MONTH_FIRST = (
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%m-%d-%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
_NAMES = {
    "商談ID": "deal_id", "案件ID": "deal_id", "商談番号": "deal_id", "商談名": "deal_name",
    "案件名": "deal_name", "担当者": "owner", "担当": "owner", "営業担当": "owner",
    "商品名": "product", "商品": "product", "商品コード": "product_id", "取引先名": "account",
    "取引先": "account", "会社名": "account", "企業名": "account", "顧客ID": "customer_id",
    "顧客名": "customer_name", "フェーズ": "stage", "ステージ": "stage", "ステータス": "status",
    "状態": "status", "商談開始日": "opened_on", "開始日": "started_on", "終了日": "ended_on",
    "完了日": "closed_on", "完了予定日": "due_on", "受注日": "won_on", "作成日": "created_on",
    "作成日時": "created_at", "登録日": "registered_on", "更新日": "updated_on",
    "更新日時": "updated_at", "日付": "day", "注文日": "ordered_on", "注文日時": "ordered_at",
    "注文番号": "order_id", "金額": "amount", "売上": "revenue", "売上金額": "revenue",
    "数量": "quantity", "単価": "unit_price", "標準価格": "list_price", "費用": "cost",
    "表示回数": "impressions", "クリック数": "clicks", "クリック": "clicks",
    "コンバージョン": "conversions", "キャンペーン": "campaign", "支店": "office", "支社": "office",
    "部署": "department", "部門": "department", "マネージャー": "manager", "上司": "manager",
    "シリーズ": "series", "業種": "industry", "チャネル": "channel", "流入元": "source",
    "メールアドレス": "email", "メール": "email", "電話番号": "phone", "氏名": "person_name",
    "名前": "person_name", "住所": "address", "都道府県": "prefecture", "生年月日": "born_on",
    "社員番号": "employee_id", "入社日": "hired_on", "退社日": "left_on", "活動日": "done_on",
    "活動種別": "activity_type", "種別": "kind", "区分": "kind", "リードID": "lead_id", "ID": "id",
    "番号": "number", "備考": "note", "メモ": "note", "国": "country", "セッション": "sessions",
    "ユーザー": "users",
}  # fmt: skip
_FILES = {
    "商談": "deals", "案件": "deals", "商品": "products", "取引先": "accounts", "顧客": "customers",
    "リード": "leads", "活動": "activities", "売上": "sales", "受注": "orders", "注文": "orders",
    "社員": "employees", "広告": "ads", "営業チーム": "sales_teams", "問い合わせ": "inquiries",
}  # fmt: skip


@dataclass(frozen=True)
class Guess:
    """A proposed column. `notes` are for the comment behind it; they repeat no value."""

    name: str
    header: str
    type: ColumnType
    formats: tuple[str, ...] = ()
    null_values: tuple[str, ...] = ()
    currency: str | None = None
    pii: bool = False
    unique: bool = False
    filled: bool = False
    days: frozenset[Any] = frozenset()
    notes: tuple[str, ...] = field(default=())


def ascii_name(header: str, position: int, taken: set[str]) -> str:
    """An identifier for a header: known Japanese headers in English, Latin ones in snake case, else col_N."""
    known = _NAMES.get(unicodedata.normalize("NFKC", header).strip())
    plain = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", header) if header.isascii() else ""
    slug = known or re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    if not IDENTIFIER.fullmatch(slug) or slug in ("version", "_file", "_line"):
        slug = f"col_{position}"
    slug = f"{slug}_value" if slug in RESERVED else slug
    name, nth = slug, 1
    while name in taken:
        nth += 1
        name = f"{slug}_{nth}"
    taken.add(name)
    return name


def source_name(stem: str) -> str:
    """An identifier for a source from its file's stem; `export` where nothing suggests one."""
    for word, name in sorted(_FILES.items(), key=lambda pair: -len(pair[0])):
        if unicodedata.normalize("NFKC", stem).startswith(word):
            return name
    name = ascii_name(stem, 1, set())
    return "export" if name == "col_1" else name


def _reads(texts: Sequence[str], kind: ColumnType, **more: Any) -> bool:
    parse = parser_for(SourceColumn("x", ("x",), kind, **more), ZONE)
    try:
        for text in texts:
            parse(text)
    except BadCell:
        return False
    return True


def _as_texts(cells: Sequence[Any]) -> list[str]:
    probe = SourceColumn("x", ("x",), "text")
    texts = []
    for cell in cells:
        try:
            text = written_form(cell.value, probe) if isinstance(cell, Cell) else written_form(cell, probe)
        except BadCell:
            text = "nested"
        if text is not None and text.strip():
            texts.append(text.strip())
    return texts


def guess_column(header: str, cells: Sequence[Any], position: int, taken: set[str]) -> Guess:
    """The proposal for one column, from all of its cells."""
    texts = _as_texts(cells)
    distinct = set(texts)
    nulls = tuple(sorted(distinct & set(_NULLS)))
    values = sorted(distinct - set(nulls))
    kind, formats, notes = _type_of(values, header)
    if kind == "text":
        nulls = tuple(null for null in nulls if null not in ("なし", "未定"))
    mails = sum(bool(_EMAIL.fullmatch(text) or _PHONE.fullmatch(text)) for text in values)
    pii = bool(_PERSONAL.search(header)) or (bool(values) and mails * 2 > len(values))
    if pii:
        notes = (*notes, "looks like personal data: never selectable, never printed")
    if len(texts) < len(cells):
        notes = (*notes, f"empty in {len(cells) - len(texts):,} of {len(cells):,} rows")
    signs = "".join(values[:1000])
    yen = kind == "money" and any(sign in signs for sign in "円¥￥")
    dollar = kind == "money" and "$" in signs
    days: frozenset[Any] = frozenset()
    if kind in ("date", "timestamp"):
        parse = parser_for(SourceColumn("x", ("x",), kind, formats=formats), ZONE)
        days = frozenset(str(parse(text))[:10] for text in values)
    return Guess(
        name=ascii_name(header, position, taken),
        header=header,
        type=kind,
        formats=formats,
        null_values=nulls,
        currency="JPY" if yen else "USD" if dollar else None,
        pii=pii,
        unique=len(distinct) == len(texts),
        filled=len(texts) == len(cells) and not nulls,
        days=days,
        notes=notes,
    )


def _type_of(values: Sequence[str], header: str) -> tuple[ColumnType, tuple[str, ...], tuple[str, ...]]:
    if not values:
        return "text", (), ("empty in every row: its type can't be told",)
    if {value.casefold() for value in values} <= {"true", "false", "yes", "no", "はい", "いいえ"}:
        return "boolean", (), ()
    if any("%" in value or "％" in value for value in values) and _reads(values, "percent"):
        return "percent", (), ()
    padded = any(re.match(r"0[0-9]", value) for value in values)
    if padded and _reads(values, "integer") and not _reads(values, "date"):
        return "text", (), ("leading zeros: kept as text",)
    if _reads(values, "date"):
        return "date", (), (("Japanese era",) if any(re.match(r"[RHS]|[一-龠]", v) for v in values) else ())
    if _reads(values, "timestamp"):
        zoned = any(re.search(r"(?:Z|[+-][0-9]{2}:?[0-9]{2}|UTC)$", value) for value in values)
        return "timestamp", (), () if zoned else ("no offset: add `timezone: UTC` if it is not local time",)
    if _MONEY.search(header) and _reads(values, "money"):
        return "money", (), ()
    if re.search(r"(?:id|code|no|番号|コード)$", header, re.IGNORECASE):
        return "text", (), ()
    if _reads(values, "integer") and not any(re.search(r"\.|円|¥|￥|\$", value) for value in values):
        return "integer", (), ()
    if any(re.search(r"[円¥￥$€£]", value) for value in values) and _reads(values, "money"):
        return "money", (), ()
    if _reads(values, "number"):
        return "number", (), ()
    return _dated(values) or ("text", (), ())


def _dated(values: Sequence[str]) -> tuple[ColumnType, tuple[str, ...], tuple[str, ...]] | None:
    for clock in _CLOCKS:
        kind: ColumnType = "timestamp" if clock else "date"
        fitting = [
            pattern + clock
            for pattern in _DAY_FIRST_OR_MONTH_FIRST
            if _reads(values, kind, formats=(pattern + clock,))
        ]
        if len(fitting) == 1:
            return kind, (fitting[0],), ()
        if fitting:
            both = " or ".join(fitting)
            return "text", (), (f"a {kind} written as {both}: the data does not tell which; declare it",)
    return None
