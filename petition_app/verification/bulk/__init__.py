"""One act for many cases, in slices, with undo."""
