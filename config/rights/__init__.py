"""Who may open what, as the tests found it: table.csv is written and compared by tests/leaks/test_rights_table.py."""
