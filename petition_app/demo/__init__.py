"""The founding day with invented people, made through the same services as everything else."""
