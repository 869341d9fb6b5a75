"""From a published number back to the rows that it counts, and from these to their files and lines."""
