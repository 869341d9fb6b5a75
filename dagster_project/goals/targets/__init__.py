"""Targets of a period led over its days, by node, segment, action and revision."""
