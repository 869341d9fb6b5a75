"""As written → resolved: names looked up, defaults filled in, expressions compiled."""
