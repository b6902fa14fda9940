"""The room's tables, one file for each part."""
