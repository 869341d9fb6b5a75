{# The parts of arrivals_<entity>__<time> that are out of date: what things_<entity>__<time> says of a day decides also
   what is true of every later day. So that nothing has to be kept of what they were counted from, their own rows tell:

   - days that are in only one of the two tables, as far as they are known tonight: these became known, or unknown;
   - segments before the first of such days that are in only one of the two: some went over their dimension's limit,
     or came back. Then all is counted again.

   Things without a date may be anybody's, so that part is always written. #}
{% macro arrival_parts(entity, time, dimensions) -%}
{%- set place = entity ~ '__' ~ time -%}
{%- set known = 'inner join main.entity_days as days on days.entity = \'' ~ entity ~ '\' and days.time = \'' ~ time
    ~ '\' and days.date = things.date and days.is_known' -%}
(
    with counted as (
        select distinct
            date,
            dimension,
            segment
        from main.arrivals_{{ place }}
        where date is not null
    ),

    known as (
        select distinct things.date
        from main.things_{{ place }} as things
        {{ known }}
    ),

    changed as (
        select date
        from main.things_{{ place }}__rewritten
        where date is not null
        union all
        select known.date
        from known
        left join counted on counted.date = known.date
        where counted.date is null
        union all
        select counted.date
        from counted
        left join known on known.date = counted.date
        where known.date is null
    ),

    bounds as (
        select coalesce(min(date), date '9999-12-31') as first_date
        from changed
    ),

    occurring as (
        {%- for dimension in dimensions %}
        select distinct
            '{{ dimension }}' as dimension,
            things.{{ dimension }}__segment as segment
        from main.things_{{ place }} as things
        {{ known }}
        where things.date < (select first_date from bounds)
        union all
        {%- endfor %}
        select
            'total' as dimension,
            'total' as segment
        from known
        where date < (select first_date from bounds)
    ),

    segments as (
        select
            occurring.dimension,
            case when limits.is_over then '(other)' else occurring.segment end as segment
        from occurring
        left join main.dimension_segments as limits
            on limits.dimension = occurring.dimension and limits.segment = occurring.segment
    ),

    differing as (
        (
            select
                dimension,
                segment
            from segments
            except
            select
                dimension,
                segment
            from counted
            where date < (select first_date from bounds)
        )
        union all
        (
            select
                dimension,
                segment
            from counted
            where date < (select first_date from bounds)
            except
            select
                dimension,
                segment
            from segments
        )
    )

    select
        1 as batch,
        cast(null as varchar) as lower,
        case when not exists (select 1 from differing) then 'date ''0001-01-01''' end as upper
    union all
    select
        1 as batch,
        concat('date ''', cast(first_date as varchar), '''') as lower,
        cast(null as varchar) as upper
    from bounds
    where first_date < date '9999-12-31' and not exists (select 1 from differing)
) as parts
{%- endmacro %}
