"""The seizure drill: plays somebody who holds the server's disk and knows who may sign, and says what they learn."""
