"""What one case holds: its decisions in a row, and proofs of which name was judged."""
