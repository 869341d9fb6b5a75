"""Other figures for some nodes, and how strongly each bears on the KGI."""
