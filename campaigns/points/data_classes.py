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
rule.title                   none        plain   thing  publish
rule.event_kind              none        plain   thing  publish
rule.source                  none        plain   thing  publish
rule.counted_by              none        plain   thing  publish
rule.boosts                  none        plain   thing  publish
rule.waits_for               none        plain   thing  publish
rule.branches                none        plain   thing  publish
rule.tags_any                none        plain   thing  publish
rule.tags_none               none        plain   thing  publish
liverule.title               none        plain   thing  publish
liverule.event_kind          none        plain   thing  publish
liverule.source              none        plain   thing  publish
liverule.counted_by          none        plain   thing  publish
liverule.boosts              none        plain   thing  publish
liverule.waits_for           none        plain   thing  publish
liverule.branches            none        plain   thing  publish
liverule.tags_any            none        plain   thing  publish
liverule.tags_none           none        plain   thing  publish
liverule.sha256              none        plain   thing  approve
earning.told                 behaviour   plain   law    settle
earning.amount               behaviour   plain   law    settle
earning.waits_for            behaviour   plain   law    settle
earning.state                behaviour   plain   law    settle
earning.asked                behaviour   plain   law    settle
earning.points               behaviour   plain   law    settle
earning.word                 behaviour   plain   law    settle
rulecount.period             behaviour   plain   law    settle
rulecount.starts             behaviour   plain   law    settle
rulecount.points             behaviour   plain   law    settle
rulecount.times              behaviour   plain   law    settle
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
