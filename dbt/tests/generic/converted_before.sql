{# Base rows whose other end lies only before them, further than is allowed: they never count as converted. #}
{% test converted_before(model, time, their_time, before, to=none, match=none) %}
{% if match %}
select base.*
from {{ model }} as base
inner join (
    select {{ match }}, max(cast({{ their_time }} as date)) as last_reached_on
    from {{ to }}
    group by {{ match }}
) as theirs
    on theirs.{{ match }} = base.{{ match }}
where theirs.last_reached_on < {{ add_days('cast(base.' ~ time ~ ' as date)', -before) }}
{% else %}
select *
from {{ model }}
where cast({{ their_time }} as date) < {{ add_days('cast(' ~ time ~ ' as date)', -before) }}
{% endif %}
{% endtest %}
