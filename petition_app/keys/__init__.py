"""Keys of sealed petitions: who holds them, how they are handed on, and how a reviewer opens them for a while."""
