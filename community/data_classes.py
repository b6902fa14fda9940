"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
groupkind.code             none      plain   thing  run
groupkind.name             none      plain   thing  run
groupkind.name_en          none      plain   thing  run
group.name                 none      plain   thing  run
group.notice               none      plain   thing  run
group.chat_id              internal  plain   thing  run
member.customer_id         internal  plain   thing  account
member.person_key          internal  hashed  thing  account
programme.title            none      plain   thing  publish
programme.text             none      plain   thing  publish
programme.kinds            none      plain   thing  publish
programme.group_ids        none      plain   thing  publish
programme.weekdays         none      plain   thing  publish
programme.proof            none      plain   thing  publish
programme.questions        none      plain   thing  publish
programme.place            none      plain   thing  publish
programme.lat              none      plain   thing  publish
programme.lon              none      plain   thing  publish
programme.metres           none      plain   thing  publish
programme.looked           none      plain   thing  publish
programme.ends             none      plain   thing  publish
programme.code_seed        internal  plain   thing  run
liveprogramme.title        none      plain   thing  publish
liveprogramme.text         none      plain   thing  publish
liveprogramme.kinds        none      plain   thing  publish
liveprogramme.group_ids    none      plain   thing  publish
liveprogramme.weekdays     none      plain   thing  publish
liveprogramme.proof        none      plain   thing  publish
liveprogramme.questions    none      plain   thing  publish
liveprogramme.place        none      plain   thing  publish
liveprogramme.lat          none      plain   thing  publish
liveprogramme.lon          none      plain   thing  publish
liveprogramme.metres       none      plain   thing  publish
liveprogramme.looked       none      plain   thing  publish
liveprogramme.ends         none      plain   thing  publish
liveprogramme.sha256       none      hashed  thing  approve
programme.first_day        none      plain   thing  publish
programme.last_day         none      plain   thing  publish
liveprogramme.first_day    none      plain   thing  publish
liveprogramme.last_day     none      plain   thing  publish
checkin.is_makeup          behaviour plain   law    settle
checkin.has_picture        behaviour plain   erased serve
boardchoice.is_hidden      behaviour plain   thing  consent
checkin.day                behaviour plain   law    settle
checkin.nth                behaviour plain   law    settle
checkin.state              behaviour plain   law    settle
checkin.text               behaviour plain   erased serve
checkin.hint               behaviour plain   erased serve
checkin.streak             behaviour plain   law    settle
checkin.units              behaviour plain   law    settle
checkin.points             financial plain   law    settle
checkin.cost               financial plain   law    settle
checkin.paid_to            internal  plain   law    settle
checkin.reason             behaviour plain   erased serve
checkinpicture.jpeg        behaviour plain   months serve
goalcount.shard            none      plain   thing  run
goalcount.counted          none      plain   thing  run
groupgoal.customers        none      plain   law    settle
groupgoal.points           none      plain   law    settle
programmebudget.bucket     none      plain   thing  run
programmebudget.allotted   none      plain   law    settle
programmebudget.given      none      plain   law    settle
""")
