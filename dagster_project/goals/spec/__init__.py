"""goals/*.yml as written."""
