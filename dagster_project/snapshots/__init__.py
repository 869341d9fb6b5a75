"""Nightly snapshots of entities, which can't be rebuilt later and live in state/."""
