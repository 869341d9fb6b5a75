{# The columns are a key of a table that is written in parts: looked at in those that this night wrote, for rows of one
   key are in one part. Rows are told apart by a hash; one that two keys share is no alarm unless they share a place. #}
{% test unique_in_parts(model, columns, part_column, parts) %}
select
    {{ row_hash(columns) }} as key_hash,
    count(*) as rows_with_this_key
from {{ model }}
where {{ within(part_column, listed_parts(parts).values() | sum(start=[])) if execute else 'false' }}
group by {{ row_hash(columns) }}
having count(*) > 1 and min({{ part_column }}) is not distinct from max({{ part_column }})
{% endtest %}
