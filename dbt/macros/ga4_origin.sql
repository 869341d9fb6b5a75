{# Where a visit came from: source, medium and campaign belong together and are kept in one text, which is written, and
   looked at in the order of events, once and not three times. Empty is like missing, but for a source that is empty. #}
{% macro ga4_origin(source, medium, campaign) -%}
concat({{ source }}, chr(31), coalesce({{ medium }}, ''), chr(31), coalesce({{ campaign }}, ''))
{%- endmacro %}
{% macro ga4_origin_source(origin) %}split_part({{ origin }}, chr(31), 1){% endmacro %}
{% macro ga4_origin_medium(origin) %}nullif(split_part({{ origin }}, chr(31), 2), ''){% endmacro %}
{% macro ga4_origin_campaign(origin) %}nullif(split_part({{ origin }}, chr(31), 3), ''){% endmacro %}
