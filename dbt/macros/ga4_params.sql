{# Event parameters of the GA4 export are a list of (key, value). The list is taken apart once a row into lists that
   share their positions; each parameter is then one look-up. Reading each from the list itself costs four times as
   much, a sub-query over unnest sixty times. DuckDB need not copy any text of the list: keys are compared by 64 bits of
   hash, and values stay in lists that were only cast to the one field that is read. #}

{% macro ga4_keys() %}{{ return(adapter.dispatch('ga4_keys', 'shirube')()) }}{% endmacro %}
{% macro default__ga4_keys() %}list_transform(event_params, lambda param: hash(param.key)){% endmacro %}
{% macro spark__ga4_keys() %}transform(event_params, param -> param.key){% endmacro %}

{# `field` of all parameters' values: string_value or int_value. #}
{% macro ga4_values(field) %}{{ return(adapter.dispatch('ga4_values', 'shirube')(field)) }}{% endmacro %}
{% macro default__ga4_values(field) -%}
cast(event_params as struct(value struct({{ field }} {{ 'varchar' if field == 'string_value' else 'bigint' }}))[])
{%- endmacro %}
{% macro spark__ga4_values(field) %}transform(event_params, param -> param.value.{{ field }}){% endmacro %}

{# A parameter's text or integer, from param_keys and from param_texts or param_integers. #}
{% macro ga4_text(key) %}{{ return(adapter.dispatch('ga4_param', 'shirube')('param_texts', 'string_value', key)) }}{% endmacro %}
{% macro ga4_integer(key) %}{{ return(adapter.dispatch('ga4_param', 'shirube')('param_integers', 'int_value', key)) }}{% endmacro %}
{% macro default__ga4_param(values, field, key) %}{{ values }}[list_position(param_keys, hash('{{ key }}'))].value.{{ field }}{% endmacro %}
{% macro spark__ga4_param(values, field, key) %}try_element_at({{ values }}, nullif(cast(array_position(param_keys, '{{ key }}') as int), 0)){% endmacro %}
