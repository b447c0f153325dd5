"""What is erased and when, keys that are changed, rows that tell no time."""
