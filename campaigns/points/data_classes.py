"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
good.title               none        plain   thing  publish
good.text                none        plain   thing  publish
livegood.title               none        plain   thing  publish
livegood.text                none        plain   thing  publish
livegood.sha256          none        hashed  thing  approve
mallorder.title          behaviour   plain   law    settle
mallorder.address        contact     sealed  law    serve
mallorder.payment        internal    plain   law    settle
mallorder.sent_by        internal    plain   law    serve
mallorder.reason         internal    plain   law    settle
mallpayment.source       none        plain   law    settle
mallpayment.told         internal    plain   law    settle
mallpayment.state        behaviour   plain   law    settle
mallpayment.word         behaviour   plain   law    settle
""")
