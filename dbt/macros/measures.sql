{# A wide model of measures as rows of `keys`, measure and value; empty cells are dropped. #}
{% macro unpivot_measures(relation, keys, measures) %}{{ return(adapter.dispatch('unpivot_measures', 'shirube')(relation, keys, measures)) }}{% endmacro %}
{% macro default__unpivot_measures(relation, keys, measures) -%}
select {{ keys | join(', ') }}, measure, value
from {{ relation }} unpivot (value for measure in ({{ measures | join(', ') }}))
{%- endmacro %}
{% macro spark__unpivot_measures(relation, keys, measures) -%}
select {{ keys | join(', ') }}, measure, value
from {{ relation }}
lateral view stack(
    {{ measures | length }},
    {% for measure in measures %}'{{ measure }}', {{ measure }}{{ ', ' if not loop.last }}{% endfor %}
) as measure, value
where value is not null
{%- endmacro %}

{# The words of data_status by severity, and back: the worst day of a span names the span. #}
{% macro severity(status) -%}
case {{ status }} when 'closed' then 0 when 'final' then 1 when 'provisional' then 2 when 'held' then 4 else 5 end
{%- endmacro %}
{% macro status_of(severity) -%}
case {{ severity }}
        when 0 then 'closed'
        when 1 then 'final'
        when 2 then 'provisional'
        when 3 then 'immature'
        when 4 then 'held'
        else 'missing'
    end
{%- endmacro %}

{# A continuous percentile, interpolated between the two nearest values. #}
{% macro percentile(value, share) %}{{ return(adapter.dispatch('percentile', 'shirube')(value, share)) }}{% endmacro %}
{% macro default__percentile(value, share) %}quantile_cont({{ value }}, {{ share }}){% endmacro %}
{% macro spark__percentile(value, share) %}percentile({{ value }}, {{ share }}){% endmacro %}
