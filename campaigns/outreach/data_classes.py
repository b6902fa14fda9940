"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
touch.customer_id          internal   plain   pseudonym  account
touch.kind                 none       plain   thing      publish
touch.purpose              none       plain   thing      account
touch.thing                behaviour  plain   pseudonym  account
touch.key                  behaviour  plain   pseudonym  account
touch.words                behaviour  plain   erased     publish
touch.page                 behaviour  plain   erased     publish
touch.way                  none       plain   thing      account
touch.tried                none       plain   thing      account
touch.why                  internal   plain   thing      account
credit.customer_id         internal   plain   pseudonym  account
credit.kind                none       plain   thing      account
credit.key                 internal   plain   pseudonym  account
""")
