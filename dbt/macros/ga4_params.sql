{# Event parameters of the GA4 export are a list of (key, value). The list is taken apart once a row into lists of keys
   and of values that share their positions; each parameter is then one look-up. Reading each from the list itself
   costs four times as much, a sub-query over unnest sixty times. #}

{% macro ga4_list(path) %}{{ return(adapter.dispatch('ga4_list', 'shirube')(path)) }}{% endmacro %}
{% macro default__ga4_list(path) %}list_transform(event_params, lambda param: param.{{ path }}){% endmacro %}
{% macro spark__ga4_list(path) %}transform(event_params, param -> param.{{ path }}){% endmacro %}

{% macro ga4_param(values, key) %}{{ return(adapter.dispatch('ga4_param', 'shirube')(values, key)) }}{% endmacro %}
{% macro default__ga4_param(values, key) %}{{ values }}[list_position(param_keys, '{{ key }}')]{% endmacro %}
{% macro spark__ga4_param(values, key) %}try_element_at({{ values }}, nullif(cast(array_position(param_keys, '{{ key }}') as int), 0)){% endmacro %}
