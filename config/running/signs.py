"""What signs of life agree on, for those who give them and for the supervisor, which loads no Django."""

# Seconds between two signs, and how long one counts.
EVERY = 5.0
COUNTS = 20
# Names the folder with a supervisor's files; absent without one.
FOLDER = "FENHANG_SIGNS"
