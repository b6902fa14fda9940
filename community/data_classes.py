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
wecomaccount.userid        internal  plain   staff  account
chat.chat_id               internal  plain   thing  run
chat.name                  none      plain   thing  run
chat.owner_userid          internal  plain   staff  account
chat.tries                 none      plain   thing  run
chat.why                   internal  plain   thing  run
groupsync.asked_by_name    internal  plain   staff  account
groupsync.cursor           none      plain   thing  run
groupsync.*                none      plain   thing  run
entrycode.slug             none      plain   thing  publish
entrycode.title            none      plain   thing  publish
entrycode.says             none      plain   thing  publish
entrygroup.from_time       none      plain   thing  publish
entrygroup.until_time      none      plain   thing  publish
entrygroup.link            none      plain   thing  publish
entrygroup.config_id       internal  plain   thing  run
entrygroup.qr              none      plain   thing  publish
entrygroup.why             internal  plain   thing  run
entryshows.day             none      plain   thing  run
grouphealth.day            none      plain   years  run
ownerfigures.day           none      plain   years  account
groupsign.note             internal  plain   thing  run
""")
