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
booking.span               internal   plain   thing      run
broadcast.channel_name     none       plain   thing      publish
broadcast.cover            none       plain   thing      publish
broadcast.drops            none       plain   thing      publish
broadcast.hosts            internal   plain   thing      publish
broadcast.materials        none       plain   thing      publish
broadcast.play             none       plain   thing      publish
broadcast.products         none       plain   thing      publish
broadcast.quiz             none       plain   thing      publish
broadcast.run_sheet        none       plain   thing      publish
broadcast.series_title     none       plain   thing      publish
broadcast.sha256           none       hashed  thing      approve
broadcast.theme            none       plain   thing      publish
broadcast.title            none       plain   thing      publish
channel.account            none       plain   thing      run
channel.name               none       plain   thing      run
channel.platform           none       plain   thing      run
channel.room               none       plain   thing      run
channel.url                none       plain   thing      run
comment.state              behaviour  plain   erased     serve
comment.text               behaviour  plain   erased     serve
comment.why                behaviour  plain   erased     serve
liveseries.title           none       plain   thing      publish
liveseries.weekdays        none       plain   thing      publish
livestream.drops           none       plain   thing      publish
livestream.hosts           internal   plain   thing      publish
livestream.materials       none       plain   thing      publish
livestream.products        none       plain   thing      publish
livestream.quiz            none       plain   thing      publish
livestream.run_sheet       none       plain   thing      publish
livestream.theme           none       plain   thing      publish
livestream.title           none       plain   thing      publish
quizanswer.is_right        behaviour  plain   pseudonym  market
quizanswer.option          behaviour  plain   pseudonym  market
showing.replay_url         none       plain   thing      run
showing.why                none       plain   thing      run
watch.likes                behaviour  plain   pseudonym  market
watch.minutes              behaviour  plain   pseudonym  market
watch.position             behaviour  plain   pseudonym  market
watch.replay_seconds       behaviour  plain   pseudonym  market
watch.seconds              behaviour  plain   pseudonym  market
watch.was_live             behaviour  plain   pseudonym  market
# groups
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
entrygroup.link            none      plain   thing  publish
entrygroup.config_id       internal  plain   thing  run
entrygroup.qr              none      plain   thing  publish
entrygroup.why             internal  plain   thing  run
entryshows.day             none      plain   thing  run
grouphealth.day            none      plain   years  run
ownerfigures.day           none      plain   years  account
groupsign.note             internal  plain   thing  run

plan.title                 none      plain   thing  run
plan.note                  internal  plain   thing  run
plan.cards                 none      plain   thing  run
liveplan.title             none      plain   thing  run
liveplan.note              internal  plain   thing  run
liveplan.cards             none      plain   thing  run
planrun.plan_title         none      plain   thing  run
post.title                 none      plain   thing  run
post.text                  none      plain   thing  run
post.material              none      plain   thing  run
post.why                   internal  plain   thing  run
""")
