"""The review of a goal: what moved, which assumptions hold, what to revise."""
