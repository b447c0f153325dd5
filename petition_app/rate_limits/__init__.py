"""Limits on guessing, and budgets of mails."""
