"""The tally: counts, publications, names, corrections, history."""
