"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
due.kind                none        plain   months  run
due.subject             internal    plain   months  run
due.version             none        plain   months  run
due.local_time          none        plain   months  run
due.zone                none        plain   months  run
due.args                internal    plain   months  run
due.opened_as           internal    plain   months  account
due.why                 internal    plain   months  run
job.kind                none        plain   thing   run
job.title               internal    plain   thing   run
job.person_name         internal    plain   thing   account
job.opened_as           internal    plain   thing   account
job.args                internal    plain   thing   run
job.cursor              internal    plain   thing   run
job.doing               internal    plain   thing   run
job.why                 internal    plain   thing   run
job.result_name         none        plain   thing   run
job.result_type         none        plain   thing   run
jobitem.subject         internal    plain   thing   run
jobitem.title           internal    plain   thing   run
jobitem.args            internal    plain   thing   run
jobitem.code            none        plain   thing   run
jobitem.words           internal    plain   thing   run
jobline.words           internal    plain   thing   run
message.adapter         none        plain   thing   serve
message.account         none        plain   thing   serve
message.subject         internal    plain   thing   serve
message.key             internal    plain   thing   serve
message.body            behaviour   plain   days    serve
message.sha256          none        hashed  thing   serve
message.answer          internal    plain   days    serve
message.why             internal    plain   thing   serve
gate.adapter            none        plain   thing   run
gate.account            none        plain   thing   run
gate.why                none        plain   thing   run
accesstoken.app         none        plain   thing   secure
accesstoken.token       credential  sealed  days    secure
recurring.kind          none        plain   thing   run
recurring.subject       internal    plain   thing   run
recurring.rule          none        plain   thing   run
recurring.zone          none        plain   thing   run
recurring.first         none        plain   thing   run
recurring.until         none        plain   thing   run
recurring.args          internal    plain   thing   run
recurring.opened_as     internal    plain   thing   account
recurring.laid_until    none        plain   thing   run
recurring.why_not       none        plain   thing   run
reading.figures         none        plain   days    run
alert.code              none        plain   thing   run
""")
