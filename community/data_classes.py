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
""")
