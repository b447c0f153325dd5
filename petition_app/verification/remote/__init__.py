"""What goes to a local desk and comes back: the sealed list, lent and signed for."""
