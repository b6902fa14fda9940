"""What is done to sessions and to identities at the provider."""
