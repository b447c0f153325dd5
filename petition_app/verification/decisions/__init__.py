"""Deciding a case: what it needs, what it changes, taking it up again."""
