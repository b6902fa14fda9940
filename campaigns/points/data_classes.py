"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
wallet.pending        financial  plain  law    settle
wallet.usable         financial  plain  law    settle
wallet.held           financial  plain  law    settle
wallet.owed           financial  plain  law    settle
lot.points            financial  plain  law    settle
lot.pending           financial  plain  law    settle
lot.rest              financial  plain  law    settle
lot.held              financial  plain  law    settle
lot.months            none       plain  law    settle
lot.ends              none       plain  law    settle
movement.kind         behaviour  plain  law    settle
movement.title        behaviour  plain  law    settle
movement.reason       internal   plain  law    account
movement.cause        internal   plain  law    settle
entry.kind            behaviour  plain  law    settle
entry.account         none       plain  law    settle
entry.points          financial  plain  law    settle
entry.title           behaviour  plain  law    settle
hold.points           financial  plain  law    settle
hold.state            behaviour  plain  law    settle
household.name        internal   plain  thing  serve
member.evidence       internal   plain  thing  serve
""")
