"""The bank's organisation file: read, understood, judged row by row. Nothing here writes."""
