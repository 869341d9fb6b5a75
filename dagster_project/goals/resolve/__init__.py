"""A goal as written → its frozen form, with everything that is wrong with it."""
