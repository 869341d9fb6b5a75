{# 64 bits over the content of columns, nested ones included: to compare rows within a run, never to be kept. #}
{% macro row_hash(columns) %}{{ return(adapter.dispatch('row_hash', 'shirube')(columns)) }}{% endmacro %}
{% macro default__row_hash(columns) %}hash({{ columns | join(', ') }}){% endmacro %}
{% macro spark__row_hash(columns) %}xxhash64({{ columns | join(', ') }}){% endmacro %}
