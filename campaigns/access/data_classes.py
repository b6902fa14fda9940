"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
pastpassword.password       credential  hashed  staff   secure
secondfactor.secret         credential  sealed  staff   secure
recoverycode.code_hash      credential  hashed  staff   secure
try.account                 internal    hashed  days    secure
try.address                 internal    plain   days    secure
reset.asked_by_name         internal    plain   staff   account
session.key_hash            credential  hashed  months  secure
session.payload             internal    plain   months  secure
session.address             internal    plain   months  secure
session.browser             internal    plain   months  secure
outsideidentity.issuer      none        plain   staff   secure
outsideidentity.subject     internal    plain   staff   secure
""")
