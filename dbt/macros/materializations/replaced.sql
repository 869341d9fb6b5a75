{# DuckDB replaces a table or view in one statement that happens whole or not at all. What dbt does for every database,
   building beside and renaming twice, costs five more statements a model, which is most of a small model's time.
   So does a transaction of dbt's, three statements and a dozen events: where no hook has to be in it, there is none but
   DuckDB's own. After an error nothing else is asked of the connection, and closing it takes back what was begun.
   Grants, indexes and comments are not ours: readers open the published files. #}
{% materialization table, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set has_hooks = pre_hooks or post_hooks -%}
    {{ replace_other_kind(target) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main', auto_begin=has_hooks) -%}
        {% if config.get('contract').enforced %}
            {{ get_assert_columns_equivalent(compiled_code) }}
            {{ 'begin;' if not has_hooks }}
            create or replace table {{ target }} {{ get_table_columns_and_constraints() }};
            insert into {{ target }} {{ get_column_names() }} ({{ get_select_subquery(compiled_code) }});
            {{ 'commit;' if not has_hooks }}
        {% else %}
            create or replace table {{ target }} as ({{ compiled_code }})
        {% endif %}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% if has_hooks %}{% do adapter.commit() %}{% endif %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') -%}
    {{ replace_other_kind(target) }}
    {% call statement('main', auto_begin=False) -%}
        {% if config.get('contract').enforced %}{{ get_assert_columns_equivalent(compiled_code) }}{% endif %}
        create or replace view {{ target }} as ({{ compiled_code }})
    {%- endcall %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# dbt's own, but for the transaction that it begins, to read, and rolls back. #}
{% materialization test, adapter='duckdb' %}
    {%- if should_store_failures() -%}{{ return(materialization_test_default()) }}{%- endif -%}
    {% call statement('main', fetch_result=True, auto_begin=False) -%}
        {{ get_test_sql(
            get_limit_subquery_sql(sql, config.get('limit')),
            config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none
        ) }}
    {%- endcall %}
    {{ return({'relations': []}) }}
{% endmaterialization %}

{# A table does not replace a view of its name, nor the other way round. #}
{% macro replace_other_kind(target) %}
    {%- set existing = load_cached_relation(target) -%}
    {%- if existing is not none and existing.type != target.type -%}
        {% do adapter.drop_relation(existing) %}
    {%- endif -%}
{% endmacro %}
