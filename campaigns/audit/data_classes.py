"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
entry.actor                 internal  plain   audit  account
entry.actor_name            contact   plain   audit  account
entry.verb                  none      plain   audit  account
entry.subject               internal  plain   audit  account
entry.subject_name          contact   plain   audit  account
entry.detail                internal  plain   audit  account
securityrecord.kind         none      plain   audit  secure
securityrecord.who          internal  plain   audit  secure
securityrecord.address      internal  plain   audit  secure
securityrecord.detail       internal  plain   audit  secure
seal.day                    none      plain   audit  account
seal.entry_digest           none      hashed  audit  account
seal.entry_tags             none      hashed  audit  account
seal.record_digest          none      hashed  audit  account
seal.record_tags            none      hashed  audit  account
seal.previous               none      hashed  audit  account
seal.digest                 none      hashed  audit  account
""")
