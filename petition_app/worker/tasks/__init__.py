"""What the worker does, one module a domain."""
