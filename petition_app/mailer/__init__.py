"""Mail: the line to the server, delivery, addresses."""
