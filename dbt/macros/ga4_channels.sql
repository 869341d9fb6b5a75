{# The default channel group of Google Analytics 4, from lower-case source, medium and campaign of a session.
   The order of the rules is Google's; of its list of sites, those that matter in Japan and worldwide. #}
{% macro ga4_channel_group(source, medium, campaign) %}
{%- set shopping -%}
(
            {{ matches(source, '(^|[.])(amazon|rakuten|ebay|etsy|mercari|alibaba|aliexpress|walmart|kakaku|zozo)([.]|$)|^shopping[.]') }}
            or {{ matches(campaign, '(^|[^a-df-z])shop|shopping') }}
        )
{%- endset -%}
{%- set search = matches(source, '^((www|m|cn|search|r[.]search)[.])?(google|bing|yahoo|baidu|yandex|duckduckgo|ecosia|naver|ask|aol|sogou|docomo|goo)([.]|$)') -%}
{%- set social = matches(source, '(^|[.])(facebook|fb|instagram|ig|twitter|linkedin|lnkd|line|pinterest|reddit|tiktok|threads|quora|hatena|note|mixi|tumblr|wechat|weibo|snapchat)([.]|$)|^(t[.]co|x|x[.]com)$') -%}
{%- set video = matches(source, '(^|[.])(youtube|youtu|vimeo|nicovideo|dailymotion|twitch|netflix|abema)([.]|$)') -%}
{%- set paid = matches(medium, '^(.*cp.*|ppc|retargeting|paid.*)$') -%}
case
        when {{ source }} = '(direct)' and {{ medium }} in ('(none)', '(not set)') then 'Direct'
        when {{ campaign }} like '%cross-network%' then 'Cross-network'
        when {{ shopping }} and {{ paid }} then 'Paid Shopping'
        when {{ search }} and {{ paid }} then 'Paid Search'
        when {{ social }} and {{ paid }} then 'Paid Social'
        when {{ video }} and {{ paid }} then 'Paid Video'
        when {{ medium }} in ('display', 'banner', 'expandable', 'interstitial', 'cpm') then 'Display'
        when {{ paid }} then 'Paid Other'
        when {{ shopping }} then 'Organic Shopping'
        when
            {{ social }}
            or {{ medium }} in ('social', 'social-network', 'social-media', 'sm', 'social network', 'social media')
            then 'Organic Social'
        when {{ video }} or {{ medium }} like '%video%' then 'Organic Video'
        when {{ search }} or {{ medium }} = 'organic' then 'Organic Search'
        when {{ medium }} in ('referral', 'app', 'link') then 'Referral'
        when
            {{ medium }} in ('email', 'e-mail', 'e_mail', 'e mail') or {{ source }} in ('email', 'e-mail', 'e_mail', 'e mail')
            then 'Email'
        when {{ medium }} in ('affiliate', 'affiliates') then 'Affiliates'
        when {{ medium }} = 'audio' then 'Audio'
        when {{ source }} = 'sms' or {{ medium }} = 'sms' then 'SMS'
        when
            {{ medium }} like '%push' or {{ medium }} like '%mobile%' or {{ medium }} like '%notification%'
            or {{ source }} = 'firebase'
            then 'Mobile Push Notifications'
        else 'Unassigned'
    end
{%- endmacro %}

{% macro matches(text, pattern) %}{{ return(adapter.dispatch('matches', 'shirube')(text, pattern)) }}{% endmacro %}
{% macro default__matches(text, pattern) %}regexp_matches({{ text }}, '{{ pattern }}'){% endmacro %}
{% macro spark__matches(text, pattern) %}regexp_like({{ text }}, '{{ pattern }}'){% endmacro %}
