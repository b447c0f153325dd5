"""Checking a sample: drawn openly, looked at again, estimated."""
