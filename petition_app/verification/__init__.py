"""Verification: from a batch to decisions, and what many cases share."""
