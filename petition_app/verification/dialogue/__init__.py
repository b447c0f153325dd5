"""What signer and staff say to each other: questions, reminders, progress, second looks, lost codes."""
