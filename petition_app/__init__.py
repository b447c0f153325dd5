"""Countersign: open letters whose signatures are checked before they count."""
