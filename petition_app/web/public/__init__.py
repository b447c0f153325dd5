"""Pages of the public and of signers: /, /p/<slug>, /my."""
