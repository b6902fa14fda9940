"""The admin's shell: theme, sidebar, switcher, log-in, and the home page of each role."""
