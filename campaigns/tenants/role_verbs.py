"""Verbs that several preset roles share, by what somebody does; campaigns/tenants/roles.py says who does it."""

LOOK = [
    "tenants.branch.view",
    "planning.campaign.view",
    "rewards.batch.view",
    "rewards.share.view",
    "content.asset.view",
    "content.item.view",
    "content.placement.view",
    "approvals.revision.view",
    "approvals.wordlist.view",
    "approvals.stop.view",
]
MAKE = [
    "content.asset.add",
    "content.asset.change",
    "content.asset.remove",
    "content.item.add",
    "content.item.change",
    "content.item.submit",
    "content.placement.add",
    "content.placement.change",
    "content.placement.submit",
    "content.category.view",
    "approvals.revision.withdraw",
]
MALL = ["points.good.view", "points.mallorder.view", "points.mallorder.send", "points.mallorder.cancel",
         "points.mallorder.unmask"]  # fmt: skip
DRAWS = ["points.draw.view", "points.drawtry.view", "points.drawtry.send", "points.drawtry.unmask"]
TIERS = ["points.tiers.view", "points.customertier.view"]
# Who sees to it that one customer is one row, at one home, in somebody's care.
STEWARD = [
    "customers.customer.move",
    "customers.customer.assign",
    "customers.customer.link_staff",
    "customers.customer.merge",
    "customers.customer.unmerge",
    "customers.customer.unmask",
    "customers.identity.claim",
    "customers.identity.verify",
    "customers.identity.revoke",
    "customers.mergeproposal.view",
    "customers.mergeproposal.add",
    "customers.merge.view",
]

MERCHANTS = [
    "rewards.merchant.view",
    "rewards.merchant.add",
    "rewards.merchant.change",
    "rewards.merchant.close",
    "rewards.cashier.add",
    "rewards.cashier.end",
]
GROUPS = ["community.group.view", "community.groupkind.view", "community.member.view"]
KEEP_GROUPS = [
    *GROUPS,
    "community.group.add",
    "community.group.change",
    "community.group.dissolve",
    "community.member.add",
    "community.member.end",
]
# Livestreams: who looks, who makes and runs them, who decides.
LIVESTREAMS = ["community.livestream.view", "community.liveseries.view", "community.channel.view"]
RUN_LIVESTREAMS = [
    *LIVESTREAMS,
    *(
        f"community.{noun}.{verb}"
        for noun in ("livestream", "liveseries", "channel")
        for verb in ("add", "change")
    ),
    "community.livestream.submit",
    "community.livestream.run",
    "community.livestream.moderate",
    "community.livestream.take_down",
]
DECIDE_LIVESTREAMS = [*LIVESTREAMS, "community.livestream.take_down", "community.livestream.moderate"]
PLANS = ["community.plan.view", "community.planrun.view", "community.post.view"]
MAKE_PLANS = [
    *PLANS,
    "community.plan.add",
    "community.plan.change",
    "community.plan.submit",
    "community.planrun.add",
    "community.planrun.pause",
    "community.planrun.stop",
    "community.post.confirm",
    "community.post.hand_over",
    "community.post.move",
]
# Whoever owns a group sends what is due there.
SEND_POSTS = ["community.post.view", "community.post.confirm"]
# Who sees what customers were told, and what was not sent and why.
TOLD = ["outreach.touch.view", "outreach.terms.view"]
# Entry codes of groups, and where branches stand; what WeCom says of groups is fetched by head office.
ENTRY = ["community.entrycode.view", "community.branchplace.view"]
KEEP_ENTRY = [
    *ENTRY,
    "community.entrycode.add",
    "community.entrycode.change",
    "community.entrycode.close",
    "community.branchplace.add",
    "community.branchplace.change",
    "community.wecomaccount.view",
    "community.group.sign",
]
SYNC = [
    "community.groupsync.view",
    "community.groupsync.add",
    "community.chat.view",
    "community.chat.fetch",
]
CHECKINS = ["community.programme.view", "community.checkin.view"]
KEEP_CHECKINS = [
    *CHECKINS,
    "community.programme.add",
    "community.programme.change",
    "community.programme.submit",
    "community.programme.take_down",
    "community.checkin.accept",
    "community.checkin.refuse",
]
# Who reads the points ledger and its closes.
LEDGER = [
    "points.wallet.view",
    "points.movement.view",
    "points.adjustment.view",
    "points.adjustlimit.view",
    "points.ledgerclose.view",
    "points.award.view",
    "points.extension.view",
]
