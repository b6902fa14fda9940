"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
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
""")
