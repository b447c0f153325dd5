"""The roster's answer for a case, possible duplicates, and how well matching does on data with truth."""
