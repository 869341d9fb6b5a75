"""The life of a definition: where it is written, what it rests on, what changed in it."""
