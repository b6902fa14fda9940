"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
event.kind         behaviour  plain   months  market
event.source       internal   plain   months  market
event.subject      behaviour  plain   months  market
event.properties   behaviour  plain   months  market
hooknonce.mark     none       hashed  days    secure
drop.fingerprint   none       hashed  thing   run
drop.name          internal   plain   thing   run
drop.source        internal   plain   thing   run
drop.reasons       none       plain   thing   run
heard.source       none       plain   thing   run
cleared.kind       none       plain   thing   run
""")
