"""Backups in two streams, sealed to a recipient who is not on this server: the data, and what erasure must reach."""
