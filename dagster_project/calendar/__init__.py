"""Which days are business days, and which days make a month, a quarter or a fiscal year."""
