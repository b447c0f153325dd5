"""The local desk: the same desk on a reviewer's own machine, which opens what the server gives out sealed."""
