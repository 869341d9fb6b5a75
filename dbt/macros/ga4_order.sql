{# The order of events. Those of one moment are told apart by their line, so that "first" means the same every night;
   moments are UTC, since local time runs twice through the hour in which summer time ends. #}
{% macro ga4_position() %}{{ return(adapter.dispatch('ga4_position', 'shirube')()) }}{% endmacro %}
{% macro default__ga4_position() %}cast(event_timestamp as decimal(38, 0)) * 10000000000 + _line{% endmacro %}
{% macro duckdb__ga4_position() %}cast(event_timestamp as hugeint) * 10000000000 + _line{% endmacro %}

{# Of the events of a group, the column of the first in this order that has one. Wants a column `position`. #}
{% macro first_known(column) %}{{ return(adapter.dispatch('first_known', 'shirube')(column)) }}{% endmacro %}
{% macro default__first_known(column) %}min_by({{ column }}, case when {{ column }} is not null then position end){% endmacro %}
{# DuckDB's min_by passes over rows without a value by itself. #}
{% macro duckdb__first_known(column) %}min_by({{ column }}, position){% endmacro %}
