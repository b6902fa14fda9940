"""The only writers of what is known of a log-in; one module per noun."""
