"""Sessions as GA4's BigQuery export writes them: an event a line, parameters nested, integers as text."""

from __future__ import annotations

import json
from datetime import date
from functools import cache

from dagster_project.sample.sessions import Session, Step
from dagster_project.sample.shop import Item

_MIDNIGHT_IN_TOKYO = 9 * 3600  # a Tokyo day begins nine hours before that day's midnight in UTC
_DAY = 86_400


def events_of(session: Session) -> list[tuple[date, int, str]]:
    """The session's events as (day in Tokyo, microseconds since 1970 in UTC, JSON line)."""
    midnight = (session.day.toordinal() - date(1970, 1, 1).toordinal()) * _DAY - _MIDNIGHT_IN_TOKYO
    began = midnight + session.began
    opening = _param("ga_session_id", began) + _param("ga_session_number", session.number)
    campaign = _campaign_params(*session.came_by)
    collected = _collected(*session.came_by)
    referrer = _referrer(*session.came_by[:2])
    who = _visitor_fields(
        session.visitor.id, session.visitor.device, session.visitor.country, session.visitor.came_by
    )
    lines = []
    for number, step in enumerate(session.steps):
        second = session.began + step.after
        day = session.day if second < _DAY else date.fromordinal(session.day.toordinal() + 1)
        # microseconds tell the events of one second apart
        moment = (midnight + second) * 1_000_000 + 1_000 * number + began % 1_000
        landing = step.after == 0
        engaged = session.engaged and not landing
        params = opening + _text_param("session_engaged", "1" if engaged else "0")
        params += _text_param("page_location", step.url) + _text_param("page_title", step.title)
        if landing:
            params += referrer + campaign
        if step.engaged_msec:
            params += _param("engagement_time_msec", step.engaged_msec)
        if step.order_id:
            params += _text_param("transaction_id", step.order_id) + _text_param("currency", "JPY")
        line = (
            f'{{"event_date":"{day:%Y%m%d}","event_timestamp":"{moment}","event_name":"{step.name}",'
            f'"event_params":[{params[:-1]}],{who}'
            f'"collected_traffic_source":{collected if landing else "null"},'
            f'"ecommerce":{_ecommerce(step)},"items":[{",".join(_item(*item) for item in step.items)}]}}'
        )
        lines.append((day, moment, line))
    return lines


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


@cache
def _text_param(key: str, value: str) -> str:
    return f'{{"key":"{key}","value":{{"string_value":{_text(value)}}}}},'


def _param(key: str, value: int) -> str:
    return f'{{"key":"{key}","value":{{"int_value":"{value}"}}}},'


@cache
def _campaign_params(source: str, medium: str, campaign: str) -> str:
    pairs = (("source", source), ("medium", medium), ("campaign", campaign))
    return "".join(_text_param(key, value) for key, value in pairs if value)


@cache
def _collected(source: str, medium: str, campaign: str) -> str:
    if not source:
        return "null"
    name = _text(campaign) if campaign else "null"
    click = _text("synthetic-gclid") if (source, medium) == ("google", "cpc") else "null"
    return (
        f'{{"manual_source":{_text(source)},"manual_medium":{_text(medium)},'
        f'"manual_campaign_name":{name},"gclid":{click}}}'
    )


@cache
def _referrer(source: str, medium: str) -> str:
    if medium == "organic":
        return _text_param("page_referrer", f"https://www.{source}.example/")
    return _text_param("page_referrer", f"https://{source}/") if medium == "referral" else ""


@cache
def _visitor_fields(visitor_id: str, device: str, country: str, came_by: tuple[str, str, str]) -> str:
    source, medium, campaign = came_by
    system, browser = ("Windows", "Edge") if device == "desktop" else ("iOS", "Safari")
    japan = country == "Japan"
    return (
        f'"user_id":null,"user_pseudo_id":"{visitor_id}","platform":"WEB",'
        f'"device":{{"category":"{device}","operating_system":"{system}",'
        f'"language":"{"ja-jp" if japan else "en-us"}","web_info":{{"browser":"{browser}"}}}},'
        f'"geo":{{"country":"{country}","region":"{"Tokyo" if japan else ""}","city":""}},'
        f'"traffic_source":{{"source":{_text(source or "(direct)")},"medium":{_text(medium or "(none)")},'
        f'"name":{_text(campaign or "(direct)")}}},'
    )


def _ecommerce(step: Step) -> str:
    if not step.order_id:
        return "{}"
    quantity = sum(quantity for _, quantity in step.items)
    return (
        f'{{"transaction_id":"{step.order_id}","purchase_revenue":{step.revenue}.0,'
        f'"total_item_quantity":"{quantity}"}}'
    )


@cache
def _item(item: Item, quantity: int) -> str:
    return (
        f'{{"item_id":"{item.sku}","item_name":{_text(item.name)},"item_category":{_text(item.category)},'
        f'"price":{item.price}.0,"quantity":"{quantity}"}}'
    )
