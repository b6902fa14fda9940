"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
groupkind.code             none      plain   thing  run
groupkind.name             none      plain   thing  run
groupkind.name_en          none      plain   thing  run
group.name                 none      plain   thing  run
group.notice               none      plain   thing  run
group.chat_id              internal  plain   thing  run
member.person_key          internal  hashed  thing  account

plan.title                 none      plain   thing  run
plan.note                  internal  plain   thing  run
plan.cards                 none      plain   thing  run
plan.ends_on               none      plain   thing  run
liveplan.title             none      plain   thing  run
liveplan.note              internal  plain   thing  run
liveplan.cards             none      plain   thing  run
liveplan.ends_on           none      plain   thing  run
liveplan.sha256            none      plain   thing  approve
liveplan.since             none      plain   thing  run
planrun.plan_title         none      plain   thing  run
planrun.zero               none      plain   thing  run
post.title                 none      plain   thing  run
post.occasion              internal  plain   thing  run
post.day                   none      plain   thing  run
post.text                  none      plain   thing  run
post.material              none      plain   thing  run
post.why                   internal  plain   thing  run
""")
