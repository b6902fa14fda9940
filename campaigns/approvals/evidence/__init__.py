"""The evidence sheet of a revision: what was approved, by whom, when, on what, and how to check that."""
