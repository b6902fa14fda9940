"""The only writers of content: one module per noun."""
