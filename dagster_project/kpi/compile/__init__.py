"""Resolved definitions → dbt models: staging and marts from sources and entities, measures from KPIs.

What is the same for every company (coverage, periods, kpi_daily, kpi_period) is hand-written in
dbt/models/kpi and reads which KPI is made of which measures from the tables of dagster_project.kpi.metadata.
"""
