"""Countersign: open letters whose signatures are checked before they count."""

__version__ = "0.2.0"
