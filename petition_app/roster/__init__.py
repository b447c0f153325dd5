"""Rosters: the imported lists of people who may sign, with their versions."""
