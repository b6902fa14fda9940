"""What readers call an address of the rights table, and in which room it stands."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

# Pages that every model of the admin has.
_PAGES = {
    "changelist": pgettext_lazy("page", "list"),
    "add": pgettext_lazy("page", "add"),
    "change": pgettext_lazy("page", "one thing"),
    "history": pgettext_lazy("page", "history"),
    "delete": pgettext_lazy("page", "delete"),
    "submit": pgettext_lazy("page", "submit for review"),
    "down": pgettext_lazy("page", "take down"),
    "stock": pgettext_lazy("page", "allot stock"),
    "said": pgettext_lazy("page", "the sentence while typing"),
    "trial_run": pgettext_lazy("page", "trial run"),
    "accept_one": pgettext_lazy("page", "accept"),
    "accept": pgettext_lazy("page", "accept the changed original"),
    "end_member": pgettext_lazy("page", "end a membership of the household"),
    "refuse": pgettext_lazy("page", "refuse"),
    "picture": pgettext_lazy("page", "the picture"),
    "void": pgettext_lazy("page", "void"),
    "counter": pgettext_lazy("page", "the counter"),
    "worth": pgettext_lazy("page", "what a coupon is worth"),
    "redeem": pgettext_lazy("page", "redeem"),
    "noted": pgettext_lazy("page", "send in what was noted without a line"),
    "reverse": pgettext_lazy("page", "reverse"),
    "held": pgettext_lazy("page", "decide on what is held"),
    "staff_page": pgettext_lazy("page", "note as a member of staff"),
    "fund": pgettext_lazy("page", "name a budget"),
    "move": pgettext_lazy("page", "allot or draw back"),
    "approve": pgettext_lazy("page", "approve the total"),
    "extend": pgettext_lazy("page", "extend"),
    "hand": pgettext_lazy("page", "grants and codes"),
    "close_day": pgettext_lazy("page", "close a day"),
    "close_again": pgettext_lazy("page", "close a day again"),
    "missed": pgettext_lazy("page", "close missed days"),
    "period": pgettext_lazy("page", "settlement of a period"),
    "period_sheet": pgettext_lazy("page", "a period as a workbook or PDF"),
    "sheet": pgettext_lazy("page", "as a workbook or PDF"),
    "codes": pgettext_lazy("page", "take codes"),
    "close": pgettext_lazy("page", "close"),
    "pay": pgettext_lazy("page", "note a payment"),
    "send": pgettext_lazy("page", "send"),
    "hand_over": pgettext_lazy("page", "hand over"),
    "reopen": pgettext_lazy("page", "open again"),
    "cashier": pgettext_lazy("page", "add a cashier"),
    # groups
    "dissolve": pgettext_lazy("page", "dissolve"),
    "sign": pgettext_lazy("page", "note a sign of life"),
    "members": pgettext_lazy("page", "add members"),
    "take_out": pgettext_lazy("page", "take a member out"),
    "fetch": pgettext_lazy("page", "fetch again"),
    "begin": pgettext_lazy("page", "begin a run"),
    "end": pgettext_lazy("page", "end"),
    "poster": pgettext_lazy("page", "poster"),
    "line": pgettext_lazy("page", "put a group behind the code"),
    "end_line": pgettext_lazy("page", "take a group out of the code"),
    "first": pgettext_lazy("page", "put first"),
    "end_cashier": pgettext_lazy("page", "end a cashier"),
    "upload": pgettext_lazy("page", "upload"),
    "preview": pgettext_lazy("page", "preview while typing"),
    "saved_preview": pgettext_lazy("page", "preview of the draft"),
    "phone": pgettext_lazy("page", "the phone in a review"),
    "versions": pgettext_lazy("page", "all revisions"),
    "against": pgettext_lazy("page", "two revisions side by side"),
    "restore": pgettext_lazy("page", "restore a revision to the draft"),
    "evidence": pgettext_lazy("page", "evidence sheet"),
    "people": pgettext_lazy("page", "people to choose from"),
    "look": pgettext_lazy("page", "who has it open"),
    "mine": pgettext_lazy("page", "my submissions"),
    "deputies": pgettext_lazy("page", "my deputies"),
    "deputies_people": pgettext_lazy("page", "whom one may make a deputy"),
    "end_deputy": pgettext_lazy("page", "end a delegation"),
    "media": pgettext_lazy("page", "picture"),
    "columns": pgettext_lazy("page", "choose columns"),
    "missing": pgettext_lazy("page", "branches that the file lacks"),
    "apply": pgettext_lazy("page", "apply"),
    "undo": pgettext_lazy("page", "undo"),
    "judge": pgettext_lazy("page", "see the verdicts"),
    "confirm": pgettext_lazy("page", "confirm"),
    "send_back": pgettext_lazy("page", "back to the verdicts"),
    "go_on": pgettext_lazy("page", "go on"),
    "refused": pgettext_lazy("page", "refused rows as a file"),
    "decline": pgettext_lazy("page", "decline"),
    "file": pgettext_lazy("page", "take the file"),
    "progress": pgettext_lazy("page", "progress"),
    "try": pgettext_lazy("page", "try a text"),
    "ask": pgettext_lazy("page", "ask to lift"),
    "lift": pgettext_lazy("page", "confirm and lift"),
    "bulks": pgettext_lazy("page", "my bulk approvals"),
    "bulk_all": pgettext_lazy("page", "approve all that wait"),
    "bulk_ask": pgettext_lazy("page", "ask for a bulk approval"),
    "bulk": pgettext_lazy("page", "a bulk approval"),
    "again": pgettext_lazy("page", "run again"),
    "cancel": pgettext_lazy("page", "call off"),
    "start": pgettext_lazy("page", "start by hand"),
    "pause": pgettext_lazy("page", "pause"),
    "resume": pgettext_lazy("page", "resume"),
    "stop": pgettext_lazy("page", "stop"),
    "refusals": pgettext_lazy("page", "what was refused, as a table"),
    "result": pgettext_lazy("page", "the file it left"),
    "proposals": pgettext_lazy("page", "proposals while typing"),
    "unmask": pgettext_lazy("page", "show in the clear"),
    "reject": pgettext_lazy("page", "say that two are two"),
    "drawing": pgettext_lazy("page", "drawing while typing"),
    "of_customer": pgettext_lazy("page", "tags of one customer"),
    "run": pgettext_lazy("page", "run the rule"),
    "rule": pgettext_lazy("page", "conditions while typing"),
    "rule_try": pgettext_lazy("page", "count who meets the conditions"),
    "trial": pgettext_lazy("page", "trial on a past revision"),
    "kinds": pgettext_lazy("page", "kinds of events"),
    "sources": pgettext_lazy("page", "sources and months"),
    "search": pgettext_lazy("page", "search by number"),
    "adjust": pgettext_lazy("page", "adjust points"),
    "new": pgettext_lazy("page", "load a list"),
    "add_member": pgettext_lazy("page", "register a member of the household"),
    "bulk_extend": pgettext_lazy("page", "extend points of many"),
    "request": pgettext_lazy("page", "ask to have it posted"),
    "drop": pgettext_lazy("page", "withdraw"),
    "take_back": pgettext_lazy("page", "take all of it back"),
    "check": pgettext_lazy("page", "draw again and compare"),
    "forgo": pgettext_lazy("page", "note as not collected"),
    "save": pgettext_lazy("page", "save while typing"),
    "here": pgettext_lazy("page", "change open parts here"),
    "tasks": pgettext_lazy("page", "my tasks"),
    "skip": pgettext_lazy("page", "leave out"),
    "hold": pgettext_lazy("page", "hold the draft"),
    "block": pgettext_lazy("page", "an empty block"),
    "findings": pgettext_lazy("page", "what is missing"),
    "copy": pgettext_lazy("page", "make a copy"),
    "recall": pgettext_lazy("page", "recall"),
    "object": pgettext_lazy("page", "object to the changed original"),
    "follow": pgettext_lazy("page", "follow the original in one part"),
    "localise": pgettext_lazy("page", "make the branch's version"),
    "bring": pgettext_lazy("page", "bring local versions up to date"),
    "answer": pgettext_lazy("page", "answer an objection"),
    "many": pgettext_lazy("page", "local versions for many branches"),
    "values": pgettext_lazy("page", "change what is said of many"),
    "tidy": pgettext_lazy("page", "move into a folder"),
    "folders": pgettext_lazy("page", "folders"),
    "panel": pgettext_lazy("page", "the panel of one asset"),
    "choose": pgettext_lazy("page", "the wall to choose from"),
    "focal": pgettext_lazy("page", "set the focal point"),
    "version": pgettext_lazy("page", "load a new version"),
    "remove": pgettext_lazy("page", "remove"),
    "put_back": pgettext_lazy("page", "put back"),
    # the calendar
    "desk": pgettext_lazy("page", "the desk of a livestream"),
    "now": pgettext_lazy("page", "the desk: what changes"),
    "call_off": pgettext_lazy("page", "cancel"),
    "replay": pgettext_lazy("page", "offer the replay"),
    "unreplay": pgettext_lazy("page", "take the replay away"),
    "open_drop": pgettext_lazy("page", "drop coupons"),
    "comment": pgettext_lazy("page", "show or hide a comment"),
    "calendar": pgettext_lazy("page", "calendar"),
    "home": pgettext_lazy("page", "the home page as a customer gets it"),
    "calendar_feed": pgettext_lazy("page", "calendar: one's own subscription"),
    "calendar_boxes": pgettext_lazy("page", "calendar: what stands on its days"),
    "calendar_card": pgettext_lazy("page", "calendar: the card of one thing"),
    "calendar_move": pgettext_lazy("page", "calendar: reschedule"),
}

_OTHERS = {
    "admin:index": _("Home"),
    "admin:app_list": _("Pages of one room"),
    "admin:autocomplete": _("Autocomplete"),
    "admin:switch": _("Switch branch"),
    "admin:switch_search": _("Search of the switcher"),
    "admin:rights": _("Rights"),
    "admin:data_map": _("Data map"),
    "admin:inbox": _("Inbox"),
    "admin:inbox_mark": _("Inbox: mark as read"),
    "admin:inbox_open": _("Inbox: open a notice of one's own"),
    "api:home": _("Home feed"),
    "api:content": _("Content"),
    "api:contents": _("Content by category and words"),
    "api:categories": _("Categories of content"),
    "api:media": _("Picture"),
    "api:batches": _("Coupons on offer"),
    "api:batch": _("One coupon on offer"),
    "api:claims": _("Claim a coupon"),
    "api:wallet": _("Wallet"),
    "api:wallet-coupon": _("One coupon of the wallet"),
    "api:redeem-token": _("Code to redeem a coupon"),
    "api:partner-code": _("Third-party code of a coupon"),
    "api:gift": _("Give a coupon"),
    "api:gifts": _("Take a given coupon"),
    "api:orders-evaluate": _("Coupons for an order"),
    "api:orders-redeem": _("Pay an order with a coupon"),
    "api:orders-cancel": _("Cancel what an order was paid with"),
    "api:groups": _("My groups, and those to join"),
    "api:points": _("My points"),
    "api:points-entries": _("Why my points changed"),
    "api:points-lots": _("My points by when they lapse"),
    "api:points-household": _("My household"),
    "api:points-invitation": _("Invitation to my household"),
    "api:points-members": _("Join a household"),
    "api:points-transfers": _("Pass points on in the household"),
    "api:points-tier": _("My tier"),
    "api:livestreams": _("Livestreams"),
    "api:livestream": _("One livestream"),
    "api:livestream-reminders": _("Be reminded of a livestream"),
    "api:livestream-watch": _("Watch a livestream"),
    "api:livestream-comments": _("Comments on a livestream"),
    "api:livestream-comment": _("Take back what one said"),
    "api:livestream-likes": _("Like a livestream"),
    "api:livestream-answers": _("Answer a question of a livestream"),
    "api:messages": _("My messages"),
    "api:message-read": _("Mark a message as read"),
    "api:subscriptions": _("One-time subscriptions"),
    "api:points-goods": _("Goods of the points mall"),
    "api:points-good": _("One good of the points mall"),
    "api:points-orders": _("Order for points"),
    "api:my-points-orders": _("My orders for points"),
    "api:points-order-cancel": _("Cancel an order for points"),
    "api:points-draws": _("Prize draws"),
    "api:points-draw": _("One prize draw"),
    "api:points-pledges": _("Promised seeds of a draw"),
    "api:points-tries": _("Try a prize draw"),
    "api:my-points-tries": _("My tries at prize draws"),
    "api:points-try-receiver": _("Who receives a prize I won"),
    "api:check-ins": _("Check in, and my check-ins"),
    "api:check-in-board": _("Being shown on leader boards"),
    "api:me": _("My own details"),
    "api:staff-customer": _("Customer card"),
    "api:events": _("What the phone tells"),
    "api:consents": _("My consents"),
    "api:personalisation": _("Personalised recommendation"),
    "api:copies": _("Copies of my information"),
    "api:copy": _("One copy of my information"),
    "api:copy-address": _("Address of a copy"),
    "api:copy-file": _("Fetch a copy"),
    "api:erasure": _("My erasure"),
    "api:redemptions": _("Redeem a coupon"),
    "api:staff-tasks": _("My posts to send"),
    "api:staff-task-confirm": _("Confirm that a post was sent"),
    "api:staff-task-skip": _("Leave a post out"),
    "api:group-posts": _("Posts of a group"),
    "api:worth": _("See what a coupon is worth"),
    "api:reversal": _("Reverse a redemption"),
}


@dataclass(frozen=True)
class Named:
    """One address in words; `room` is a code for filters and `order` sorts rooms as the sidebar does."""

    address: str
    room: str
    room_name: str
    thing: str
    page: str

    @property
    def rank(self) -> int:
        """Pages of one model: its list first, what is done to one thing in the middle, deleting last."""
        ending = self.address.rpartition("_")[2]
        return {"changelist": 0, "change": 1, "add": 2, "history": 8, "delete": 9}.get(ending, 5)

    @property
    def words(self) -> str:
        return f"{self.thing} · {self.page}" if self.thing else self.page


def named(address: str) -> Named:
    """The address in the reader's language; an unknown one stands as it is."""
    space, _colon, rest = address.partition(":")
    if address in _OTHERS:
        room = "api" if space == "api" else "shell"
        return Named(address, room, room_name(room), "", str(_OTHERS[address]))
    for model, page in admin.site._registry.items():
        start = f"{model._meta.app_label}_{model._meta.model_name}_"
        if rest.startswith(start):
            ending = rest.removeprefix(start)
            label = model._meta.app_label
            return Named(
                address, label, room_name(label), str(model._meta.verbose_name), _ending(page, ending)
            )
    room = "api" if space == "api" else "shell"
    return Named(address, room, room_name(room), "", address)


def room_name(room: str) -> str:
    """A room of the table by its code."""
    if room == "api":
        return gettext("API of the mini-program and the counter")
    if room == "shell":
        return gettext("Everywhere in the admin")
    if room == "django_celery_beat":
        return gettext("Timetable")
    return str(apps.get_app_config(room).verbose_name)


def _ending(page: Any, ending: str) -> str:
    """ "change" in words; an act's page by the words of its button."""
    if ending in _PAGES:
        return str(_PAGES[ending])
    act = getattr(page, ending, None)
    return str(getattr(act, "short_description", "") or ending)
