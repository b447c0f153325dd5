"""Pages of staff: /organizer."""
