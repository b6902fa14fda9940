"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
campaign.title  none  plain  thing  publish
campaign.goal   none  plain  thing  publish
campaign.note   none  plain  thing  publish
feed.token_hash  credential  hashed  thing  account
""")
