{# The export numbers no events. Rows that agree in property, visitor, moment and name are copies of one event (an export
   read twice) where all of their content agrees too, else different events sent in one batch: copies but the first are
   deleted, the others numbered. Done in the rows that were just written, as few of them are alike: to hold back all rows
   until it is known which costs more than to write them. Copies agree in their moment, so they are in one part. #}
{% macro ga4_without_copies(events, part) %}
{%- set identity = row_hash(['_source', 'user_id', 'event_timestamp', 'event_name']) -%}
create or replace temp table ga4_alike as
with alike as (
    select {{ identity }} as identity
    from {{ events }}
    where {{ part }}
    group by {{ identity }}
    having count(*) > 1
)

select
    events.rowid as row_id,
    dense_rank() over (
        partition by events._source, events.user_id, events.event_timestamp, events.event_name
        order by events.content
    ) as event_number,
    row_number() over (
        partition by events._source, events.user_id, events.event_timestamp, events.event_name, events.content
        order by events._file, events._line
    ) as copy_number
from (
    select
        *,
        rowid,
        {{ identity }} as identity
    from {{ events }}
    where {{ part }}
) as events
inner join alike
    on events.identity = alike.identity;
delete from {{ events }} where rowid in (select row_id from ga4_alike where copy_number > 1);
update {{ events }} as events set event_number = ga4_alike.event_number
from ga4_alike
where {{ part }} and events.rowid = ga4_alike.row_id and ga4_alike.copy_number = 1;
drop table ga4_alike
{% endmacro %}
