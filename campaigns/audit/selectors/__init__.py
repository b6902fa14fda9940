"""Questions about the audit: what was done, what it changed, and what the chain of seals covers."""
