"""How far goals, nodes and actions have come as of a day."""
