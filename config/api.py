"""Every address under /api/v1/. Each room keeps its views; this is the list that clients know."""

from django.urls import path

from campaigns.access import api as access
from campaigns.customers.api import consents
from campaigns.customers.api import sessions as customers
from campaigns.customers.api.staff import CustomerCard
from campaigns.events import api as events
from campaigns.outreach import api as outreach
from campaigns.points.api import draws as points_draws
from campaigns.points.api import households as points_home
from campaigns.points.api import ledger as points
from campaigns.points.api import mall as points_mall
from campaigns.points.api import tiers as points_tiers
from campaigns.rewards.api import coupons as rewards
from campaigns.rewards.api import life as rewards_life
from campaigns.rewards.api import orders as rewards_orders
from campaigns.tenants.middleware import own_scope
from community.checkins import api as checkins
from community.groups.api import callbacks as groups_callbacks
from community.groups.api import entries as groups_entries
from community.groups.api import groups
from community.livestreams import api as livestreams
from community.plans import api as community_plans
from config import api_docs
from content import api as content
from content import api_contents as contents

urlpatterns = [
    # anyone
    path("schema/", own_scope(api_docs.SchemaDocument.as_view()), name="schema"),
    path("docs/", own_scope(api_docs.docs), name="docs"),
    path("auth/wechat", own_scope(customers.LogInWithWeChat.as_view()), name="auth-wechat"),
    path("auth/refresh", own_scope(customers.RefreshTokens.as_view()), name="auth-refresh"),
    path("auth/logout", own_scope(customers.LogOut.as_view()), name="auth-logout"),
    # customers
    path("home", own_scope(content.HomePage.as_view()), name="home"),
    path("contents", contents.Contents.as_view(), name="contents"),
    path("contents/<uuid:content_id>", contents.Content.as_view(), name="content"),
    path("categories", contents.Categories.as_view(), name="categories"),
    path("media/<uuid:rendition_id>/<str:signature>", content.media, name="media"),
    path("batches", rewards.Batches.as_view(), name="batches"),
    path("batches/<uuid:batch_id>", rewards.BatchDetail.as_view(), name="batch"),
    path("batches/<uuid:batch_id>/claims", own_scope(rewards.Claims.as_view()), name="claims"),
    path("me/coupons", rewards.Wallet.as_view(), name="wallet"),
    path("me/coupons/<uuid:coupon_id>", rewards.WalletCoupon.as_view(), name="wallet-coupon"),
    path("me/coupons/<uuid:coupon_id>/redeem-token", rewards.RedeemTokens.as_view(), name="redeem-token"),
    path("me/coupons/<uuid:coupon_id>/code", rewards_life.PartnerCodes.as_view(), name="partner-code"),
    path("me/coupons/<uuid:coupon_id>/gift", rewards_life.Gifts.as_view(), name="gift"),
    path("gifts", rewards_life.GiftsTaken.as_view(), name="gifts"),
    path("orders/evaluate", rewards_orders.OrdersEvaluated.as_view(), name="orders-evaluate"),
    path("orders/redeem", rewards_orders.OrdersRedeemed.as_view(), name="orders-redeem"),
    path("orders/<str:order>/cancel", rewards_orders.OrdersCancelled.as_view(), name="orders-cancel"),
    path("me/points", points.Points.as_view(), name="points"),
    path("me/points/entries", points.PointsEntries.as_view(), name="points-entries"),
    path("me/points/lots", points.PointsLots.as_view(), name="points-lots"),
    path("me/points/household", points_home.MyHousehold.as_view(), name="points-household"),
    path("me/points/household/invitation", points_home.Invitations.as_view(), name="points-invitation"),
    path("me/points/household/members", points_home.Members.as_view(), name="points-members"),
    path("me/points/transfers", points_home.Transfers.as_view(), name="points-transfers"),
    path("me/points/tier", points_tiers.OwnTier.as_view(), name="points-tier"),
    path("points/goods", points_mall.Goods.as_view(), name="points-goods"),
    path("points/goods/<uuid:good_id>", points_mall.OneGood.as_view(), name="points-good"),
    path("points/orders", points_mall.Orders.as_view(), name="points-orders"),
    path("me/points/orders", points_mall.MyOrders.as_view(), name="my-points-orders"),
    path(
        "me/points/orders/<uuid:order_id>/cancel",
        points_mall.OrdersCalledOff.as_view(),
        name="points-order-cancel",
    ),
    path("points/draws", points_draws.Draws.as_view(), name="points-draws"),
    path("points/draws/<uuid:draw_id>", points_draws.OneDraw.as_view(), name="points-draw"),
    path("points/draws/<uuid:draw_id>/pledges", points_draws.Pledges.as_view(), name="points-pledges"),
    path("points/draws/<uuid:draw_id>/tries", points_draws.Tries.as_view(), name="points-tries"),
    path("me/points/tries", points_draws.MyTries.as_view(), name="my-points-tries"),
    path(
        "me/points/tries/<uuid:try_id>/receiver",
        points_draws.Receivers.as_view(),
        name="points-try-receiver",
    ),
    path("livestreams", livestreams.Livestreams.as_view(), name="livestreams"),
    path("livestreams/<uuid:livestream_id>", livestreams.OneLivestream.as_view(), name="livestream"),
    path(
        "livestreams/<uuid:livestream_id>/reminders",
        livestreams.Reminders.as_view(),
        name="livestream-reminders",
    ),
    path(
        "livestreams/<uuid:livestream_id>/watch",
        own_scope(livestreams.Watching.as_view()),
        name="livestream-watch",
    ),
    path(
        "livestreams/<uuid:livestream_id>/comments",
        livestreams.Comments.as_view(),
        name="livestream-comments",
    ),
    path(
        "livestreams/<uuid:livestream_id>/comments/<uuid:comment_id>",
        livestreams.OwnComment.as_view(),
        name="livestream-comment",
    ),
    path("livestreams/<uuid:livestream_id>/likes", livestreams.Likes.as_view(), name="livestream-likes"),
    path(
        "livestreams/<uuid:livestream_id>/answers", livestreams.Answers.as_view(), name="livestream-answers"
    ),
    path("me/messages", outreach.MyMessages.as_view(), name="messages"),
    path("me/messages/<uuid:touch_id>/read", outreach.MessagesRead.as_view(), name="message-read"),
    path("me/subscriptions", outreach.Subscriptions.as_view(), name="subscriptions"),
    path("groups/<uuid:group_id>/check-ins", own_scope(checkins.CheckIns.as_view()), name="check-ins"),
    path("me/check-in-board", checkins.BoardChoices.as_view(), name="check-in-board"),
    path("events", own_scope(events.Events.as_view()), name="events"),
    # groups
    path("groups", groups.Groups.as_view(), name="groups"),
    path("entry-codes/<str:slug>", own_scope(groups_entries.Entry.as_view()), name="entry-code"),
    path("entry-codes/<str:slug>/near", own_scope(groups_entries.EntryNear.as_view()), name="entry-near"),
    path("me", customers.Me.as_view(), name="me"),
    # the bank's systems
    path("hooks/wecom", groups_callbacks.wecom_callback, name="hooks-wecom"),
    path("hooks/<slug:source>", own_scope(events.Hook.as_view()), name="hooks"),
    path("me/consents", consents.Consents.as_view(), name="consents"),
    path("me/personalisation", consents.Personalisation.as_view(), name="personalisation"),
    path("me/exports", consents.Copies.as_view(), name="copies"),
    path("me/exports/<uuid:export_id>", consents.Copy.as_view(), name="copy"),
    path("me/exports/<uuid:export_id>/address", consents.CopyAddress.as_view(), name="copy-address"),
    path("me/exports/<uuid:export_id>/file/<str:token>", consents.CopyFile.as_view(), name="copy-file"),
    path("me/erasure", consents.MyErasure.as_view(), name="erasure"),
    # staff
    path("staff/redemptions", rewards.Redemptions.as_view(), name="redemptions"),
    path("staff/redemptions/worth", rewards.Worths.as_view(), name="worth"),
    path("staff/redemptions/<uuid:redemption_id>/reversal", rewards.Reversals.as_view(), name="reversal"),
    path("staff/customers/<uuid:customer_id>", CustomerCard.as_view(), name="staff-customer"),
    # posts of plans
    path("staff/tasks", community_plans.Tasks.as_view(), name="staff-tasks"),
    path(
        "staff/tasks/<uuid:task_id>/confirm",
        community_plans.TaskConfirmations.as_view(),
        name="staff-task-confirm",
    ),
    path("staff/tasks/<uuid:task_id>/skip", community_plans.TaskSkips.as_view(), name="staff-task-skip"),
    path("groups/<uuid:group_id>/posts", community_plans.GroupPosts.as_view(), name="group-posts"),
    path("staff/auth/token", own_scope(access.StaffToken.as_view()), name="staff-auth-token"),
]
