"""Value tests of KPIs: given rows → the value that they must give, computed by hand; `kpi test` runs them."""
