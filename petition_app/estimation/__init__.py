"""Exact bounds for what a sample says of all, and the rules that states have for it."""
