"""Uploaded tables of people: which line names the columns, what each column is, and rows that cannot be people."""
