{# 64 bits over the content of columns, nested ones included: to compare rows of one version of the engine, which another may hash otherwise. #}
{% macro row_hash(columns) %}{{ return(adapter.dispatch('row_hash', 'shirube')(columns)) }}{% endmacro %}
{% macro default__row_hash(columns) %}hash({{ columns | join(', ') }}){% endmacro %}
{% macro spark__row_hash(columns) %}xxhash64({{ columns | join(', ') }}){% endmacro %}

{# One number over rows in any order, to tell whether anything of them changed. #}
{% macro digest(columns) -%}
sum(cast({{ row_hash(columns) }} as decimal(38, 0)))
{%- endmacro %}
