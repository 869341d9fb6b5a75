"""The generated SQL of some KPIs, run by DuckDB in memory and without dbt: for value tests, and to see what a
change of a definition does before anything is published."""
