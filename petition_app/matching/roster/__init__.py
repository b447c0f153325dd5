"""The index of a roster, and how well a signature fits its entries."""
