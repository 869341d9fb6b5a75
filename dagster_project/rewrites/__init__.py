"""What a night writes again of the tables that are too large to be made anew every night: the events of the
web and what is added up from them. Which parts those are follows from what the last build was made of."""
