"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
batch.title              none        plain   thing  publish
livebatch.title          none        plain   thing  publish
livebatch.sha256         none        hashed  thing  approve
coupon.nth               behaviour   plain   law    settle
coupon.code_hash         credential  hashed  law    secure
coupon.title             behaviour   plain   law    settle
coupon.kind              behaviour   plain   law    settle
coupon.threshold_fen     behaviour   plain   law    settle
coupon.off_fen           behaviour   plain   law    settle
coupon.payer             internal    plain   law    settle
coupon.status            behaviour   plain   law    settle
coupon.redeemed_times    behaviour   plain   law    settle
redemption.title         behaviour   plain   law    settle
reversal.reason          internal    plain   law    settle
""")
