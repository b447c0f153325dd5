"""Petitions: draft, text versions, languages, policy, open, pause, close."""
