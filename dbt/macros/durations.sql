{# Time between two local timestamps, in hours or minutes with their fraction. #}

{% macro hours_between(first, last) %}({{ seconds_between(first, last) }} / 3600.0){% endmacro %}
{% macro minutes_between(first, last) %}({{ seconds_between(first, last) }} / 60.0){% endmacro %}

{% macro seconds_between(first, last) %}{{ return(adapter.dispatch('seconds_between', 'shirube')(first, last)) }}{% endmacro %}
{% macro default__seconds_between(first, last) %}date_diff('second', cast({{ first }} as timestamp), cast({{ last }} as timestamp)){% endmacro %}
{% macro spark__seconds_between(first, last) %}(unix_timestamp({{ last }}) - unix_timestamp({{ first }})){% endmacro %}
