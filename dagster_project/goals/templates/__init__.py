"""Trees that many companies share, bound to a company's own KPIs."""
