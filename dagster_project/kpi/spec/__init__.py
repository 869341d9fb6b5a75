"""The specs: what may be written in kpi_definitions/, exactly as written, before any name is looked up."""
