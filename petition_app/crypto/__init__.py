"""Sealing, keys, and secrets that people type."""
