"""A goal as a proposal, and what a sound set of KPIs and targets looks like."""
