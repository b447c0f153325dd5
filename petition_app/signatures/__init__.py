"""Signatures: sign, confirm, seal, states, codes, invitations."""
