"""Will the KGI be reached? The remainder of its period, with the spread that past remainders showed."""
