"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
batch.title              none        plain   thing  publish
batch.thing              none        plain   thing  publish
batch.hours_from         none        plain   thing  publish
batch.hours_until        none        plain   thing  publish
batch.weekdays           none        plain   thing  publish
batch.redeem_branches    none        plain   thing  publish
batch.circles            none        plain   thing  publish
batch.claim_branches     none        plain   thing  publish
batch.tags_any           none        plain   thing  publish
batch.tags_none          none        plain   thing  publish
batch.stages             none        plain   thing  publish
livebatch.title          none        plain   thing  publish
livebatch.thing          none        plain   thing  publish
livebatch.hours_from     none        plain   thing  publish
livebatch.hours_until    none        plain   thing  publish
livebatch.weekdays       none        plain   thing  publish
livebatch.redeem_branches none        plain   thing  publish
livebatch.circles        none        plain   thing  publish
livebatch.claim_branches none        plain   thing  publish
livebatch.tags_any       none        plain   thing  publish
livebatch.tags_none      none        plain   thing  publish
livebatch.stages         none        plain   thing  publish
livebatch.redeem_names   none        plain   thing  publish
livebatch.open_days      none        plain   thing  publish
livebatch.sha256         none        hashed  thing  approve
terms.thing              none        plain   thing  publish
terms.hours_from         none        plain   thing  publish
terms.hours_until        none        plain   thing  publish
terms.weekdays           none        plain   thing  publish
terms.redeem_branches    none        plain   thing  publish
terms.circles            none        plain   thing  publish
terms.redeem_names       none        plain   thing  publish
terms.open_days          none        plain   thing  publish
origin.origin_hash       internal    hashed  thing  secure
coupon.nth               behaviour   plain   law    settle
coupon.code_hash         credential  hashed  law    secure
coupon.title             behaviour   plain   law    settle
coupon.kind              behaviour   plain   law    settle
coupon.threshold_fen     behaviour   plain   law    settle
coupon.off_fen           behaviour   plain   law    settle
coupon.payer             internal    plain   law    settle
coupon.status            behaviour   plain   law    settle
coupon.redeemed_times    behaviour   plain   law    settle
budget.name              none        plain   law    settle
movement.cause           internal    plain   law    settle
capcount.starts          none        plain   thing  publish
redemption.title         behaviour   plain   law    settle
reversal.reason          internal    plain   law    settle
""")
