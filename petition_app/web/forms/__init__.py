"""Shapes of what is posted, one module a page."""
