"""Who may come in and do what: passwords, sessions, lockout, cross-site requests, headers."""
