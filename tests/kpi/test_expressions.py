"""Expressions pass an allow-list; what they become is typed, guarded and portable."""

import pytest

from dagster_project.kpi.expression_types import ExpressionError
from dagster_project.kpi.expressions import compile_expression, compile_filter
from dagster_project.kpi.model import SQL_TYPES

SCOPE = {
    "opened_on": "date",
    "closed_on": "date",
    "done_at": "timestamp",
    "stage": "text",
    "amount": "money",
    "units": "integer",
    "share": "percent",
    "is_paid": "boolean",
}


@pytest.mark.parametrize(
    ("text", "sql", "kind"),
    [
        ("stage IN ('Won', 'lost')", "stage in ('Won', 'lost')", "boolean"),
        ("amount / units", "amount / nullif(units, 0)", "number"),
        ("amount / 2", "amount / 2", "number"),
        ("amount * units", "amount * units", "money"),
        ("amount * amount", "amount * amount", "number"),
        ("amount - 1", "amount - 1", "money"),
        ("units % 2 = 0", "units % 2 = 0", "boolean"),
        ("days_between(opened_on, closed_on)", '{{ days_between("opened_on", "closed_on") }}', "integer"),
        ("coalesce(closed_on, opened_on)", "coalesce(closed_on, opened_on)", "date"),
        ("'it''s' || stage", "'it''s' || stage", "text"),
        ("not is_paid", "not is_paid", "boolean"),
        (
            "CASE WHEN stage IS NULL THEN NULL ELSE 'New' END",
            "case when stage is null then null else 'New' end",
            "text",
        ),
        ("cast(units as decimal)", "cast(units as decimal(18, 4))", "money"),
        ("cast(units as double)", "cast(units as double)", "number"),
        ("opened_on >= '2026-04-01'", "opened_on >= '2026-04-01'", "boolean"),
    ],
)
def test_an_expression_becomes_typed_sql(text, sql, kind):
    compiled = compile_expression(text, SCOPE)
    assert (compiled.sql, compiled.type) == (sql, kind)


def test_the_columns_that_are_read_are_known():
    assert compile_expression("coalesce(amount, 0) * units", SCOPE).columns == {"amount", "units"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stagee = 'won'", "unknown column 'stagee'"),
        ("opened_on - closed_on", "arithmetic on dates"),
        ("stage = 1", "compares a text with an integer"),
        ("amount = null", "is never true"),
        ("stage and is_paid", "is no condition"),
        ("case when is_paid then 1 else 'x' end", "mix"),
        ("days_between(stage, closed_on)", "takes dates or times"),
        ("days_between(closed_on)", "takes two dates"),
        ("sum(amount)", "aggregates rows"),
        ("period_start > opened_on", "belongs to KPIs"),
    ],
)
def test_what_can_only_be_a_slip_is_refused_with_its_reason(text, message):
    with pytest.raises(ExpressionError, match=message):
        compile_expression(text, SCOPE)


def test_a_mistyped_column_is_met_with_the_right_one():
    with pytest.raises(ExpressionError) as caught:
        compile_expression("stagee = 'won'", SCOPE)
    assert caught.value.hint == "did you mean 'stage'?"


def test_a_filter_is_a_condition():
    with pytest.raises(ExpressionError, match="no condition"):
        compile_filter("amount", SCOPE)


PAYLOADS = [
    "1); drop table deals; --",
    "amount; attach 'x.db'",
    "amount -- comment",
    "amount /* comment */",
    "(select max(amount) from deals)",
    "exists (select 1)",
    "stage in (select stage from deals)",
    "amount > all (select 1)",
    "amount = any (select 1)",
    "read_text('/etc/passwd')",
    "read_csv('x.csv')",
    "read_parquet('x.parquet')",
    "read_blob('x')",
    "glob('*')",
    "getenv('HOME')",
    "current_setting('memory_limit')",
    "pragma_version()",
    "duckdb_settings()",
    "install('httpfs')",
    "load('httpfs')",
    "query('select 1')",
    "query_table('deals')",
    "current_date",
    "current_timestamp",
    "now()",
    "today()",
    "random()",
    "uuid()",
    "nextval('s')",
    "setseed(0.5)",
    "row_number() over ()",
    "sum(amount) over (partition by stage)",
    "lag(amount) over (order by opened_on)",
    "count(*) filter (where is_paid)",
    "list_transform([1], x -> x)",
    "[1, 2, 3]",
    "{'a': 1}",
    "stage::json",
    "json_extract(stage, '$.a')",
    "stage.a",
    "deals.amount",
    "main.deals.amount",
    "information_schema.tables",
    "*",
    "columns('a.*')",
    "exclude (amount)",
    "unnest([1])",
    "generate_series(1, 1000000000)",
    "repeat('x', 1000000000)",
    "lpad('x', 1000000000, 'y')",
    "regexp_matches(stage, '(a+)+')",
    "stage similar to '(a+)+'",
    "stage glob '*'",
    "printf('%s', stage)",
    "error('x')",
    "sleep_ms(1000)",
    "$1",
    "?",
    ":name",
    "interval 1 day",
    "amount collate nocase",
    "try_cast(stage as blob)",
    "cast(stage as integer[])",
    "union select 1",
    "amount as x",
    "distinct amount",
    "x => 1",
    "copy deals to 'x'",
    "'a' 'b'; select 1",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_outside_the_allow_list_passes(payload):
    with pytest.raises(ExpressionError):
        compile_expression(payload, SCOPE)


@pytest.mark.parametrize(
    "text", ["->", "@", "> ->", "abs()", "coalesce( list_value( -> group >> as", ")", "'", ""]
)
def test_torn_text_is_refused_and_breaks_nothing(text):
    with pytest.raises(ExpressionError):
        compile_expression(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abs(stage)", "takes a number, and 'stage' is a text"),
        ("length(amount)", "takes a text, and 'amount' is a money"),
        ("year(stage)", "takes a date or time, and 'stage' is a text"),
        ("-stage", "'stage' is a text, not a number"),
        ("stage || is_paid", "'is_paid' is a boolean, not a text"),
        ("case when stage then 1 else 0 end", "'stage' is a text, not a condition"),
        ("opened_on > 'soon'", "'soon' is no date"),
        ("opened_on like '2026%'", "like is for texts"),
        ("cast(opened_on as bigint)", "a date is never an integer"),
        ("(amount / stage) is null", "'stage' is a text, not a number"),
        ("cast(amount - opened_on as varchar)", "arithmetic on dates"),
        ("amount > 1 = is_paid", "compares a comparison"),
    ],
)
def test_every_part_of_an_expression_is_typed(text, message):
    with pytest.raises(ExpressionError) as error:
        compile_expression(text, SCOPE)
    assert message in f"{error.value} {error.value.hint}"


def test_what_passes_runs_in_duckdb():
    """Each form of the list once, over a row and a row of NULLs: what is accepted must not stop a night."""
    import duckdb

    connection = duckdb.connect()
    kinds = ", ".join(f"{name} {SQL_TYPES[kind]}" for name, kind in SCOPE.items())
    connection.execute(f"create table rows_of_all_types ({kinds})")
    connection.execute(f"insert into rows_of_all_types values ({', '.join(['null'] * len(SCOPE))})")
    for text in (
        "coalesce(amount, 0) + abs(-amount) * 2 / nullif(amount, 1)",
        "greatest(opened_on, closed_on)",
        "round(amount / 3, 2) + floor(amount) + ceil(amount) % 7",
        "lower(trim(stage)) || '-' || upper(substring(stage, 1, 2)) || replace(stage, 'a', 'b')",
        "length(concat(stage, stage)) + year(opened_on) + month(opened_on) + day(closed_on)",
        "case when stage like 'w%' and not is_paid then cast(amount as varchar) else stage end",
        "opened_on between '2026-01-01' and closed_on or stage in ('a', 'b') or stage is null",
        "cast(cast(opened_on as timestamp) as date) >= '2026-01-01 10:00'",
    ):
        connection.execute(f"select {compile_expression(text, SCOPE).sql} from rows_of_all_types")
