"""The only writers of branches, people and roles; one module per noun."""
