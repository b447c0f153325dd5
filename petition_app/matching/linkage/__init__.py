"""Possible duplicates: signatures that may be of one person, scored in columns (Fellegi and Sunter)."""
