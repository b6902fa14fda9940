"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
requestkey.caller_kind      none      plain   days  serve
requestkey.route            none      plain   days  serve
requestkey.key              internal  plain   days  serve
requestkey.fingerprint      internal  hashed  days  serve
requestkey.headers          none      plain   days  serve
requestkey.body             contact   plain   days  serve
""")
