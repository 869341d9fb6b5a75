{# A table of which a night writes again only the parts that changed: ranges of one of its columns, deleted and
   inserted, a batch a transaction (the whole table: all batches one). Settings of the model:

   part_column       the column of the table that says to which part a row belongs
   reads_by          what the model's SQL calls it; it stands in the SQL as this_part()
   parts             the relation that lists the parts: batch, lower, upper (half open; SQL literals; NULL is unbounded,
                     below NULLs too), or a select from it
   files             the relation that lists which landed files a batch reads: batch, variable, path; the variable narrows
                     the view of a source down to them
   touched           in place of parts: a select of the values of part_column whose rows are written again
   whole_in_parts    true: the parts cover everything where the whole table is written, so that no more than one of
                     them has to fit into memory
   settled_by        a macro: (the table, the condition of a batch) → SQL that runs over each batch once it is
                     written, for what needs other rows than one's own, or more than one statement
   remembers         name → expression over the table: what was in the rows before and is in them now is kept in
                     <model>__rewritten, by which others know what hangs on it

   The whole table is written where it is not there yet or where night.rebuilt names it (see dagster_project/rewrites). #}
{% materialization in_parts, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(target) -%}
    {%- set is_whole = existing is none or existing.type != 'table' or is_rebuilt(this.identifier) -%}
    {%- if is_whole and not config.get('whole_in_parts') -%}
        {%- set batches = {0: [[none, none]]} -%}
    {%- elif config.get('touched') -%}
        {%- set batches = {0: config.get('touched')} -%}
    {%- else -%}
        {%- set batches = listed_parts(config.get('parts')) -%}
    {%- endif -%}
    {%- set column = config.get('part_column') -%}
    {%- set rewritten_batches = [] if is_whole else batches.values() -%}
    {{ replace_other_kind(target) }}
    {% if is_whole -%}
        {% call statement('begun') -%}
            {% if config.get('contract').enforced -%}
                {{ get_assert_columns_equivalent(compiled_code) }}
                create or replace table {{ target }} {{ get_table_columns_and_constraints() }}
            {%- else -%}
                create or replace table {{ target }} as (select * from ({{ compiled_code }}) as model limit 0)
            {%- endif %}
        {%- endcall %}
    {%- endif %}
    {{ remember(target, column, rewritten_batches, true) }}
    {% do adapter.commit() %}
    {%- set variables = narrowing(config.get('files')) -%}
    {% for batch, ranges in batches.items() %}
        {%- for name in variables -%}
            {%- do run_query(
                "set variable " ~ name ~ " = (select list(path) from " ~ config.get('files')
                ~ " where batch = " ~ batch ~ " and variable = '" ~ name ~ "')"
            ) -%}
        {%- endfor -%}
        {%- set rewritten = compiled_code | replace(this_part(), within(config.get('reads_by'), ranges)) -%}
        {% call statement('batch') -%}
            {% if not is_whole %}delete from {{ target }} where {{ within(column, ranges) }};{% endif %}
            insert into {{ target }} by name ({{ rewritten }})
        {%- endcall %}
        {% if not is_whole %}{{ settle(target, column, [ranges]) }}{% endif %}
    {% endfor %}
    {# The whole table in one transaction: after each, DuckDB writes the rows of a last, short row group once more. #}
    {% if is_whole and batches %}{{ settle(target, column, batches.values()) }}{% endif %}
    {%- for name in variables -%}
        {%- do run_query('reset variable ' ~ name) -%}
    {%- endfor -%}
    {{ remember(target, column, rewritten_batches, false) }}
    {{ store_raw_result('main', message='OK', code=none, rows_affected=none) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# Commits what was written, then runs what the model is settled by over each of these batches. Not in the transaction
   that wrote them: DuckDB writes rows at once only where their transaction leaves them alone. #}
{% macro settle(target, column, batches) %}
    {% do adapter.commit() %}
    {% if config.get('settled_by') %}
        {% for ranges in batches %}
            {% call statement('settled') -%}
                {{ context[config.get('settled_by')](target, within(column, ranges)) }}
            {%- endcall %}
            {% do adapter.commit() %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# Is the whole of `model` to be written? #}
{% macro is_rebuilt(model) %}
    {%- set found = run_query("select 1 from night.rebuilt where model in ('*', '" ~ model ~ "')") -%}
    {{ return(found.rows | length > 0) }}
{% endmacro %}

{# The variables that `files` names, if there are such files. #}
{% macro narrowing(files) %}
    {%- set found = run_query('select distinct variable from ' ~ files ~ ' order by variable').rows if files else [] -%}
    {{ return(found | map(attribute=0) | list) }}
{% endmacro %}

{# `parts` → by batch, a list of [lower, upper]. #}
{% macro listed_parts(parts) %}
    {%- set batches = {} -%}
    {%- for row in run_query('select batch, lower, upper from ' ~ parts ~ ' order by batch, lower nulls first').rows -%}
        {%- do batches.setdefault(row[0], []).append([row[1], row[2]]) -%}
    {%- endfor -%}
    {{ return(batches) }}
{% endmacro %}

{# The condition that `column` lies in one of `ranges`, or in what they select. Before the ranges stand the bounds of
   them all: DuckDB passes over files and blocks by these, but not by alternatives. #}
{% macro within(column, ranges) -%}
    {%- if ranges is string -%}
        ({{ column }} in ({{ ranges }}))
    {%- else -%}
    (
    {%- if ranges | length > 1 -%}
        {%- set lowers, uppers = ranges | map(attribute=0) | list, ranges | map(attribute=1) | list -%}
        {%- if none not in lowers %} {{ column }} >= least({{ lowers | join(', ') }}) and {% endif -%}
        {%- if none not in uppers %} {{ column }} < greatest({{ uppers | join(', ') }}) and {% endif -%}
    {%- endif %}
    (
    {%- for lower, upper in ranges -%}
        {%- if lower is none and upper is none -%} true
        {%- elif lower is none -%} ({{ column }} is null or {{ column }} < {{ upper }})
        {%- elif upper is none -%} ({{ column }} >= {{ lower }})
        {%- else -%} ({{ column }} >= {{ lower }} and {{ column }} < {{ upper }})
        {%- endif -%}
        {{- ' or ' if not loop.last }}
    {%- endfor -%}
    {{ ' false' if not ranges }} ))
    {%- endif -%}
{%- endmacro %}

{# What others have to know of the rows in the parts: anew before they are written again, added to after. #}
{% macro remember(target, column, batches, is_before) %}
    {%- set remembers = config.get('remembers') -%}
    {%- if remembers -%}
        {%- set kept = rewritten_rows(target) -%}
        {%- set selected = [] -%}
        {%- for name, expression in remembers.items() -%}
            {%- do selected.append(expression ~ ' as ' ~ name) -%}
        {%- endfor -%}
        {%- set ranges = batches | sum(start=[]) -%}
        {%- set rows = 'select distinct ' ~ selected | join(', ') ~ ' from ' ~ target ~ ' where ' ~ within(column, ranges) -%}
        {%- do run_query(('create or replace table ' ~ kept ~ ' as (' if is_before else 'insert into ' ~ kept ~ ' (') ~ rows ~ ')') -%}
    {%- endif -%}
{% endmacro %}
