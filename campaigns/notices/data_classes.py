"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
notice.key       internal  plain  months  run
notice.code      none      plain  months  run
notice.args      internal  plain  months  run
notice.subject   internal  plain  months  run
notice.opens     none      plain  months  run
""")
