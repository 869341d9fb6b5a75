"""Invented names. Hosts end in .example and telephone numbers use exchange 0000: none can be anybody's."""

from __future__ import annotations

from dagster_project.sample.draws import Draws, Weighted

# ㈱ 髙 ① ～ are in cp932 and not in Shift_JIS proper: an import that confuses the two loses these names.
_PLACES = (
    "青葉",
    "東雲",
    "髙野",
    "みなと",
    "さくら",
    "若草",
    "北斗",
    "南風",
    "銀河",
    "暁",
    "清流",
    "翠",
    "光洋",
    "大和田",
)
_TRADES = (
    "製作所",
    "商店",
    "工業",
    "物産",
    "建設",
    "電機",
    "運輸",
    "食品",
    "印刷",
    "不動産",
    "薬品",
    "システムズ",
)
_FORMS = (
    "㈱{0}{1}",
    "{0}{1}㈱",
    "㈱{0}{1}",
    "{0}{1}株式会社",
    "㈲{0}{1}",
    "①番館{0}{1}㈱",
    "㈱{0}～{1}",
    "髙橋{0}{1}㈱",
)
_FAMILY = ("佐藤", "鈴木", "髙橋", "田中", "伊藤", "渡邊", "山本", "中村", "小林", "加藤", "吉田", "山﨑")
_GIVEN = ("陽子", "健一", "美咲", "大輔", "直樹", "彩", "翔太", "恵", "隆", "真由美", "誠", "千尋")

INDUSTRIES = Weighted(
    {"製造": 28, "卸・小売": 22, "情報通信": 16, "建設": 12, "医療・福祉": 9, "運輸": 8, "教育": 5}
)
EAST = Weighted({"東京都": 46, "神奈川県": 17, "埼玉県": 11, "千葉県": 9, "宮城県": 9, "北海道": 8})
WEST = Weighted({"大阪府": 42, "愛知県": 20, "福岡県": 15, "兵庫県": 12, "京都府": 7, "広島県": 4})


def company(draws: Draws) -> str:
    """A company's name, such as ㈱髙野製作所."""
    return draws.pick(_FORMS).format(draws.pick(_PLACES), draws.pick(_TRADES))


def person(draws: Draws) -> str:
    return f"{draws.pick(_FAMILY)} {draws.pick(_GIVEN)}"
