"""The definitions in dbt's semantic layer: semantic models, metrics, and what those can't carry."""
