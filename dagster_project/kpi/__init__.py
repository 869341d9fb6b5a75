"""The definition language and its compiler: YAML as written → resolved, frozen types → SQL."""
