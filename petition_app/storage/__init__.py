"""The database: transactions, jobs, many rows at once, files, and what its engines do differently."""
