"""How staff come in: passwords, the second factor, sessions, the bank's identity provider."""
