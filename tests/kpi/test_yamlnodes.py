"""YAML is text with positions; what would change meaning silently is refused."""

import time

import pytest

from dagster_project.kpi.yamlnodes import parse


@pytest.mark.parametrize("written", ["no", "on", "22:30", "2024-04-01", "1_000", "0755", "1e3", "yes"])
def test_every_scalar_stays_what_was_typed(written):
    assert parse(f"a: {written}", "x.yml").data == {"a": written}


def test_an_empty_value_is_none_and_a_quoted_null_is_text():
    assert parse("a:\nb: null\nc: 'null'", "x.yml").data == {"a": None, "b": None, "c": "null"}


def test_a_duplicate_key_names_both_lines():
    issue = parse("a: 1\nb: 2\na: 3\n", "x.yml").issues[0]
    assert str(issue) == "x.yml:3:1: key 'a' twice (first on line 1; remove one)"


def test_an_alias_bomb_is_refused_quickly():
    levels = "\n".join(f"k{i}: &k{i} [" + ", ".join([f"*k{i - 1}"] * 9) + "]" for i in range(1, 12))
    started = time.process_time()
    document = parse(f"k0: &k0 [x]\n{levels}\n", "x.yml")
    assert any("anchor" in issue.message for issue in document.issues)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("text", ["a: !!python/object:os.system x", "a: !env HOME", "!!set {a}"])
def test_tags_are_refused(text):
    assert any("tag" in issue.message for issue in parse(text, "x.yml").issues)


@pytest.mark.parametrize("token", ["{{ env_var('HOME') }}", "{% set x = 1 %}", "{# note #}"])
@pytest.mark.parametrize("form", ['a: "%s"', '"%s": a', 'a: ["%s"]', 'a: {b: "%s"}'])
def test_jinja_is_refused_wherever_it_stands(token, form):
    assert any("template marks" in issue.message for issue in parse(form % token, "x.yml").issues)


@pytest.mark.parametrize("char", ["\\u202e", "\\u200b", "\\x1b", "\\u0000"])
def test_invisible_characters_are_refused(char):
    assert any("invisible" in issue.message for issue in parse(f'a: "x{char}y"', "x.yml").issues)


def test_positions_count_from_one_and_point_at_the_key():
    document = parse("kpis:\n  - name: a\n    type: {x: 1}\n", "x.yml")
    assert document.position(("kpis", 0, "type")) == (3, 5)
    assert document.position(("kpis", 0, "type", "x")) == (3, 12)
    assert document.position(("kpis", 0, "nowhere", "at", "all")) == (2, 5)


def test_broken_yaml_says_where():
    issue = parse("a: [1, 2\nb: 3\n", "x.yml").issues[0]
    assert issue.line >= 1
    assert issue.message.startswith("not YAML")


def test_deep_nesting_is_refused_not_followed():
    assert parse("[" * 200 + "]" * 200, "x.yml").issues[0].message == "too many or too deeply nested values"
