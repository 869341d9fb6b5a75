{# First day of the month that `number` counts: 12 * year + month - 1. #}
{% macro first_of_month(number) -%}
make_date(cast(floor({{ number }} / 12) as integer), cast(mod({{ number }}, 12) + 1 as integer), 1)
{%- endmacro %}
