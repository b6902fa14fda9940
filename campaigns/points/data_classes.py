"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
adjustment.points        financial   plain   law    settle
adjustment.reason        internal    plain   law    account
adjustment.state         internal    plain   law    settle
adjustment.alone         none        plain   law    account
adjustment.remark        internal    plain   law    account
ledgerclose.day          none        plain   law    settle
ledgerclose.closed_by    internal    plain   law    account
ledgerclose.figures      none        plain   law    settle
ledgerclose.differences  financial   plain   law    settle
""")
