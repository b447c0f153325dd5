"""The desk: who has which case, what it shows, what is noted as evidence."""
