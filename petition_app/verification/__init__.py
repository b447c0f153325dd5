"""Verification: batches, the desk, decisions, questions, duplicates."""
