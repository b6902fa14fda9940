"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
finding.rule                   none      plain   thing  approve
finding.line                   none      plain   thing  approve
finding.excerpt                none      plain   thing  approve
finding.args                   none      plain   thing  approve
finding.list_version           none      plain   thing  approve
acknowledgement.person_name    internal  plain   thing  account
wordlist.title                 none      plain   thing  approve
wordlist.text                  none      plain   thing  approve
wordlist.author_name           internal  plain   thing  account
livewordlist.title             none      plain   thing  approve
livewordlist.document          none      plain   thing  approve
livewordlist.sha256            none      hashed  thing  approve
policy.title                   none      plain   thing  approve
policy.document                none      plain   thing  approve
policy.author_name             internal  plain   thing  account
livepolicy.title               none      plain   thing  approve
livepolicy.document            none      plain   thing  approve
livepolicy.sha256              none      hashed  thing  approve
stop.kind                      none      plain   thing  approve
stop.campaign_name             none      plain   thing  approve
stop.reason                    none      plain   thing  approve
stop.stopped_by_name           internal  plain   thing  account
stop.lift_asked_by_name        internal  plain   thing  account
stop.lift_words                none      plain   thing  approve
stop.lifted_by_name            internal  plain   thing  account
verification.kind              none      plain   thing  approve
verification.wrong             none      plain   thing  approve
revision.kind                  none      plain   thing  approve
revision.subject               internal  plain   thing  approve
revision.title                 none      plain   thing  approve
revision.payload               none      plain   thing  approve
revision.sha256                none      hashed  thing  approve
revision.author_name           internal  plain   thing  account
revision.facts                 none      plain   thing  approve
step.title                     none      plain   thing  approve
step.if_empty                  none      plain   thing  approve
step.policy                    none      plain   thing  approve
step.added_by_name             internal  plain   thing  account
seat.role                      none      plain   thing  approve
seat.person_name               internal  plain   thing  account
seat.given_by_name             internal  plain   thing  account
decision.person_name           internal  plain   thing  account
decision.for_person_name       internal  plain   thing  account
decision.comment               internal  plain   thing  approve
decision.sha256                none      hashed  thing  approve
delegation.person_name         internal  plain   thing  account
delegation.deputy_name         internal  plain   thing  account
delegation.reason              internal  plain   thing  account
remark.person_name             internal  plain   thing  account
remark.words                   internal  plain   thing  approve
remark.people                  internal  plain   thing  account
look.person_name               internal  plain   days   approve
""")
