{# Path of an address, without query and fragment; NULL of none. #}
{% macro ga4_page_path(location) -%}
case
        when {{ location }} is null then null
        else coalesce(nullif(regexp_extract({{ location }}, '^[a-zA-Z]+://[^/?#]*([^?#]*)', 1), ''), '/')
    end
{%- endmacro %}
