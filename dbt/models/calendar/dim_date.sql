{{ config(materialized='table', contract={'enforced': true}) }}

-- Weeks and fiscal periods are plain arithmetic on days and months: engines differ in their week functions.
-- 0001-01-01 was a Monday in the calendar that SQL uses throughout (proleptic Gregorian).
with

settings as (

    select
        fiscal_start_month,
        week_start
    from {{ source('night', 'settings') }}

),

days as (

    select
        date,
        is_business_day,
        holiday_name,
        cast(extract(year from date) as bigint) as year,
        cast(extract(month from date) as bigint) as month,
        cast(mod({{ days_between("date '0001-01-01'", 'date') }}, 7) as bigint) as days_after_monday
    from {{ source('night', 'calendar_days') }}

),

placed as (

    select
        days.*,
        settings.week_start as week_starts_on,
        -- months since the year 0, and how many of them have passed in the fiscal year
        days.year * 12 + days.month - 1 as month_number,
        mod(days.month - settings.fiscal_start_month + 12, 12) as fiscal_months_before,
        {{ add_days('days.date', '3 - days.days_after_monday') }} as thursday
    from days
    cross join settings

),

started as (

    select
        placed.*,
        month_number - mod(fiscal_months_before, 3) as quarter_month_number,
        month_number - mod(fiscal_months_before, 6) as half_month_number,
        month_number - fiscal_months_before as fiscal_year_month_number,
        cast(extract(year from thursday) as bigint) as iso_year,
        case
            when week_starts_on = 'sunday' then mod(days_after_monday + 1, 7)
            else days_after_monday
        end as days_after_week_start
    from placed

)

select
    date,
    year,
    month,
    cast(floor(fiscal_year_month_number / 12) as bigint) as fiscal_year,
    cast(floor(fiscal_months_before / 6) + 1 as bigint) as fiscal_half,
    cast(floor(fiscal_months_before / 3) + 1 as bigint) as fiscal_quarter,
    iso_year,
    cast(
        floor({{ days_between('make_date(cast(iso_year as integer), 1, 1)', 'thursday') }} / 7) + 1 as bigint
    ) as iso_week,
    days_after_monday + 1 as weekday,
    is_business_day,
    holiday_name,
    {{ add_days('date', '-days_after_week_start') }} as week_start,
    make_date(cast(year as integer), cast(month as integer), 1) as month_start,
    {{ first_of_month('quarter_month_number') }} as quarter_start,
    {{ first_of_month('half_month_number') }} as half_start,
    {{ first_of_month('fiscal_year_month_number') }} as fiscal_year_start,
    concat(cast(cast(floor(fiscal_year_month_number / 12) as bigint) as varchar(8)), '年度') as fiscal_year_label_ja,
    concat('FY', cast(cast(floor(fiscal_year_month_number / 12) as bigint) as varchar(8))) as fiscal_year_label_en
from started
