"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
touch.kind                 none       plain   thing      publish
touch.purpose              none       plain   thing      account
touch.thing                behaviour  plain   pseudonym  account
touch.key                  behaviour  plain   pseudonym  account
touch.words                behaviour  plain   erased     publish
touch.page                 behaviour  plain   erased     publish
touch.state                none       plain   thing      run
touch.way                  none       plain   thing      account
touch.tried                none       plain   thing      account
touch.why                  internal   plain   thing      account
touch.tries                none       plain   thing      run
terms.quiet_from           none       plain   thing      run
terms.quiet_until          none       plain   thing      run
credit.kind                none       plain   thing      account
credit.key                 internal   plain   pseudonym  account
""")
