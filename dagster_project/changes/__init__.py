"""What a change of the definitions does: against a revision of git, or against what is published."""
