"""What a name is, by script: how it is read, mended with its owner's consent, and sorted."""
