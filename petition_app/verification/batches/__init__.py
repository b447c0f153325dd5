"""Batches: sealed, announced, closed, and how fast they are checked."""
