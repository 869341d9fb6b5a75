"""Goals: a KGI with its tree and period, targets back-calculated and phased to days, and how far they are."""
