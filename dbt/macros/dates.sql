{# What engines write differently about dates. Each macro is one expression; the SQL around it is common to all. #}

{% macro days_between(first, last) %}{{ return(adapter.dispatch('days_between', 'shirube')(first, last)) }}{% endmacro %}
{% macro default__days_between(first, last) %}date_diff('day', {{ first }}, {{ last }}){% endmacro %}
{% macro spark__days_between(first, last) %}datediff({{ last }}, {{ first }}){% endmacro %}

{% macro add_days(day, number) %}{{ return(adapter.dispatch('add_days', 'shirube')(day, number)) }}{% endmacro %}
{% macro default__add_days(day, number) %}({{ day }} + cast({{ number }} as integer)){% endmacro %}
{% macro spark__add_days(day, number) %}date_add({{ day }}, cast({{ number }} as int)){% endmacro %}

{# The same day of another month; the last day of a shorter one. #}
{% macro add_months(day, number) %}{{ return(adapter.dispatch('add_months', 'shirube')(day, number)) }}{% endmacro %}
{% macro default__add_months(day, number) %}cast({{ day }} + to_months(cast({{ number }} as integer)) as date){% endmacro %}
{% macro spark__add_months(day, number) %}add_months({{ day }}, cast({{ number }} as int)){% endmacro %}

{# Wall-clock time in the calendar's zone of a moment given as microseconds since 1970-01-01 UTC. settings: alias of
   night.settings, cross-joined. A zone is looked up row by row, which costs ten times a sum: so a sum where the zone's
   clocks do not shift. #}
{% macro local_timestamp(microseconds, settings) %}{{ return(adapter.dispatch('local_timestamp', 'shirube')(microseconds, settings)) }}{% endmacro %}
{% macro default__local_timestamp(microseconds, settings) -%}
case
        when {{ microseconds }} >= {{ settings }}.offset_since and {{ microseconds }} < {{ settings }}.offset_until
            then make_timestamp({{ microseconds }} + {{ settings }}.utc_offset)
        else timezone({{ settings }}.timezone, make_timestamptz({{ microseconds }}))
    end
{%- endmacro %}
{% macro spark__local_timestamp(microseconds, settings) %}from_utc_timestamp(timestamp_micros({{ microseconds }}), {{ settings }}.timezone){% endmacro %}
