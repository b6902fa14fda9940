"""The only writers of the room; one module a noun."""
