{# The order of events. Those of one moment are told apart by their line, so that "first" means the same every night;
   moments are UTC, since local time runs twice through the hour in which summer time ends. #}
{% macro ga4_position() %}{{ return(adapter.dispatch('ga4_position', 'shirube')()) }}{% endmacro %}
{% macro default__ga4_position() %}cast(event_timestamp as decimal(38, 0)) * 10000000000 + _line{% endmacro %}
{% macro duckdb__ga4_position() %}cast(event_timestamp as hugeint) * 10000000000 + _line{% endmacro %}
