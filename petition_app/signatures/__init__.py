"""Signatures: sign, confirm, status by code, consent, withdrawal, import."""
