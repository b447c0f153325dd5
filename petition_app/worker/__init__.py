"""The worker: jobs, mail, and what comes round."""
