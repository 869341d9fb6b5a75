"""Equations of goal trees: parsed, ordered, solved and rounded, in exact fractions."""
