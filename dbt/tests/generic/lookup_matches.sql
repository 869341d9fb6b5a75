{# Rows whose key finds nothing on the other side: kept, without the looked-up columns, and counted here. #}
{% test lookup_matches(model, to, ours, theirs) %}

select {% for name in ours %}ours.{{ name }}{{ ', ' if not loop.last }}{% endfor %}, count(*) as unmatched_rows
from {{ model }} as ours
left join {{ to }} as theirs
    on {% for name in ours %}ours.{{ name }} = theirs.{{ theirs[loop.index0] }}{{ ' and ' if not loop.last }}{% endfor %}

where theirs.{{ theirs[0] }} is null{% for name in ours %} and ours.{{ name }} is not null{% endfor %}

group by {% for name in ours %}ours.{{ name }}{{ ', ' if not loop.last }}{% endfor %}

{% endtest %}
