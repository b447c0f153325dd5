"""Staff: organizers, reviewers, auditors; sign-in; roles per petition."""
