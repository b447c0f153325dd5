"""Uploaded files: read, checked, staged, admitted, taken back."""
