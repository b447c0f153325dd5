"""Names across scripts: spelling, transliteration, known forms."""
