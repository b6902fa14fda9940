"""What `manage.py up` does: the programs it starts, how it knows that they live, and what it says."""
