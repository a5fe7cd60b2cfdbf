"""The report of a run: what was asked, what was reached, and what happened, for people and papers."""
