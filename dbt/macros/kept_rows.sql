{# The rows that an earlier night wrote into a table of the materialization kept_rows, or none where the whole table is
   to be written. Only with the columns that tell them apart. #}
{% macro kept_rows(model) -%}
    {%- set found = none -%}
    {%- if execute and not is_rebuilt(model) -%}
        {%- set found = adapter.get_relation(this.database, this.schema, model) -%}
    {%- endif -%}
    {%- if found is not none and found.type == 'table' -%}
        {{ found }}
    {%- else -%}
        {{ no_kept_rows() }}
    {%- endif -%}
{%- endmacro %}

{% macro no_kept_rows() -%}
(
        select
            cast(null as varchar) as kpi,
            cast(null as varchar) as grain,
            cast(null as date) as period_start,
            cast(null as varchar) as dimension,
            cast(null as ubigint) as made_from
        where false
    )
{%- endmacro %}
