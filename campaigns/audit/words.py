"""An audit row as a sentence: "王敏 批准了 海报《春节存款》". Pure but for the models' own names."""

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.audit.models import Entry
from campaigns.lib.refs import read_ref

# The last part of a verb ("content.item.submit"), or a whole one, in the past tense.
DEEDS = {
    "preview": pgettext_lazy("deed", "looked at the home page as"),
    "add": pgettext_lazy("deed", "added"),
    "change": pgettext_lazy("deed", "changed"),
    "delete": pgettext_lazy("deed", "deleted"),
    "upload": pgettext_lazy("deed", "uploaded"),
    "submit": pgettext_lazy("deed", "submitted for review"),
    "withdraw": pgettext_lazy("deed", "withdrew"),
    "decide": pgettext_lazy("deed", "decided on"),
    "approve": pgettext_lazy("deed", "approved"),
    "approved": pgettext_lazy("deed", "approved"),
    "reject": pgettext_lazy("deed", "rejected"),
    "confirm": pgettext_lazy("deed", "confirmed"),
    "download": pgettext_lazy("deed", "took the file of"),
    "acknowledge": pgettext_lazy("deed", "acknowledged findings in"),
    "rejected": pgettext_lazy("deed", "rejected"),
    "send_back": pgettext_lazy("deed", "sent back"),
    "step_back": pgettext_lazy("deed", "sent back to a step"),
    "hand_on": pgettext_lazy("deed", "handed on the review of"),
    "add_signer": pgettext_lazy("deed", "added a signer to"),
    "copy": pgettext_lazy("deed", "let others know of"),
    "comment": pgettext_lazy("deed", "commented on"),
    "remind": pgettext_lazy("deed", "asked to hurry with"),
    "escalate": pgettext_lazy("deed", "escalated"),
    "ask": pgettext_lazy("deed", "asked for"),
    "stop": pgettext_lazy("deed", "stopped"),
    "resume": pgettext_lazy("deed", "resumed"),
    "finish": pgettext_lazy("deed", "finished"),
    "pause": pgettext_lazy("deed", "paused"),
    "fail": pgettext_lazy("deed", "failed at"),
    "go_live": pgettext_lazy("deed", "put live"),
    "take_down": pgettext_lazy("deed", "took down"),
    "cancel": pgettext_lazy("deed", "kept from going live"),
    "recall": pgettext_lazy("deed", "recalled"),
    "take_over": pgettext_lazy("deed", "took over the editing of"),
    "resend": pgettext_lazy("deed", "sent again"),
    "give_up": pgettext_lazy("deed", "gave up"),
    "shut": pgettext_lazy("deed", "shut"),
    "open": pgettext_lazy("deed", "opened"),
    "ask_lift": pgettext_lazy("deed", "asked to lift"),
    "lift": pgettext_lazy("deed", "lifted"),
    "verify": pgettext_lazy("deed", "verified"),
    "restore": pgettext_lazy("deed", "restored to the draft"),
    "evidence": pgettext_lazy("deed", "took the evidence sheet of"),
    "allot": pgettext_lazy("deed", "allotted stock of"),
    "draw_back": pgettext_lazy("deed", "drew back stock of"),
    "fund": pgettext_lazy("deed", "named a budget of"),
    "claim": pgettext_lazy("deed", "claimed"),
    "grant": pgettext_lazy("deed", "granted"),
    "extend": pgettext_lazy("deed", "extended"),
    "offer": pgettext_lazy("deed", "offered as a gift"),
    "receive": pgettext_lazy("deed", "was given"),
    "lock": pgettext_lazy("deed", "set aside"),
    "unlock": pgettext_lazy("deed", "let go of"),
    "rewards.coupon.give": pgettext_lazy("deed", "took as a gift"),
    "rewards.coupon.withdraw": pgettext_lazy("deed", "took back the offer of"),
    "rewards.batchfile.grant": pgettext_lazy("deed", "granted coupons by the list"),
    "rewards.batchfile.void": pgettext_lazy("deed", "voided coupons by the list"),
    "rewards.batchfile.extend": pgettext_lazy("deed", "extended coupons by the list"),
    "rewards.batchfile.import": pgettext_lazy("deed", "brought codes in by the list"),
    "rewards.coderun.add": pgettext_lazy("deed", "had codes made for"),
    "rewards.coderun.close": pgettext_lazy("deed", "put codes out of force of"),
    "rewards.coderun.download": pgettext_lazy("deed", "took the codes of"),
    # community: groups
    "dissolve": pgettext_lazy("deed", "dissolved"),
    "community.chat.fetch": pgettext_lazy("deed", "had fetched"),
    "community.member.add": pgettext_lazy("deed", "added members to"),
    "community.member.end": pgettext_lazy("deed", "took a member out of"),
    "community.group.sign": pgettext_lazy("deed", "noted a sign of life in"),
    "community.entrycode.close": pgettext_lazy("deed", "closed the entry code"),
    "community.wecomaccount.add": pgettext_lazy("deed", "noted the WeCom account of"),
    "community.wecomaccount.end": pgettext_lazy("deed", "ended the WeCom account of"),
    "community.groupsync.add": pgettext_lazy("deed", "asked for a synchronisation with WeCom on"),
    "rewards.merchant.close": pgettext_lazy("deed", "ended the contract with"),
    "rewards.merchant.reopen": pgettext_lazy("deed", "took up the contract again with"),
    "rewards.cashier.add": pgettext_lazy("deed", "added a cashier to"),
    "rewards.cashier.end": pgettext_lazy("deed", "ended a cashier of"),
    "accept": pgettext_lazy("deed", "accepted"),
    "refuse": pgettext_lazy("deed", "refused"),
    "community.checkin.add": pgettext_lazy("deed", "checked in for"),
    "order": pgettext_lazy("deed", "ordered"),
    "pay": pgettext_lazy("deed", "noted the payment of"),
    "send": pgettext_lazy("deed", "sent"),
    "stock": pgettext_lazy("deed", "set the stock of"),
    "points.mallorder.hand_over": pgettext_lazy("deed", "handed over"),
    "points.mallorder.cancel": pgettext_lazy("deed", "cancelled the order of"),
    "points.mallorder.unmask": pgettext_lazy("deed", "looked at the address of"),
    "community.livestream.announce": pgettext_lazy("deed", "announced"),
    "community.livestream.start": pgettext_lazy("deed", "began"),
    "community.livestream.end": pgettext_lazy("deed", "ended"),
    "community.livestream.cancel": pgettext_lazy("deed", "cancelled"),
    "community.livestream.replay": pgettext_lazy("deed", "offered the replay of"),
    "community.livestream.end_replay": pgettext_lazy("deed", "took away the replay of"),
    "community.livestream.drop": pgettext_lazy("deed", "dropped coupons in"),
    "hide_comment": pgettext_lazy("deed", "hid a comment on"),
    "show_comment": pgettext_lazy("deed", "let customers see a comment on"),
    "points.draw.reveal": pgettext_lazy("deed", "showed the seed of"),
    "points.drawtry.hand_over": pgettext_lazy("deed", "handed over"),
    "points.drawtry.unmask": pgettext_lazy("deed", "looked at the address of"),
    "forgo": pgettext_lazy("deed", "noted as not collected"),
    "rewards.close.run": pgettext_lazy("deed", "closed the day of"),
    "points.ledgerclose.run": pgettext_lazy("deed", "closed the day of"),
    "points.household.join": pgettext_lazy("deed", "joined the household"),
    "points.household.leave": pgettext_lazy("deed", "left the household"),
    "points.household.add_member": pgettext_lazy("deed", "registered a member of the household"),
    "points.household.end_member": pgettext_lazy("deed", "ended a membership of the household"),
    "points.extension.add": pgettext_lazy("deed", "asked to extend points"),
    "points.award.add": pgettext_lazy("deed", "loaded the award"),
    "points.award.ask": pgettext_lazy("deed", "asked to post the award"),
    "points.award.drop": pgettext_lazy("deed", "withdrew the award"),
    "points.award.resume": pgettext_lazy("deed", "went on with the award"),
    "points.award.take_back": pgettext_lazy("deed", "took back all of the award"),
    "localise": pgettext_lazy("deed", "made a local version of"),
    "accept_original": pgettext_lazy("deed", "accepted the changed original for"),
    "object": pgettext_lazy("deed", "objected to the changed original of"),
    "answer_objection": pgettext_lazy("deed", "answered the objection of"),
    "remove": pgettext_lazy("deed", "took out of the library"),
    "content.asset.restore": pgettext_lazy("deed", "put back into the library"),
    "content.asset.move": pgettext_lazy("deed", "put into another folder"),
    "replace": pgettext_lazy("deed", "uploaded a new version of"),
    "crop": pgettext_lazy("deed", "moved the focal point of"),
    "purge": pgettext_lazy("deed", "deleted the files of"),
    "redeem": pgettext_lazy("deed", "redeemed"),
    "reverse": pgettext_lazy("deed", "reversed"),
    "void": pgettext_lazy("deed", "voided"),
    "expire": pgettext_lazy("deed", "expired"),
    "view": pgettext_lazy("deed", "viewed"),
    "unmask": pgettext_lazy("deed", "unmasked"),
    "import": pgettext_lazy("deed", "imported"),
    "register": pgettext_lazy("deed", "registered"),
    "open_login": pgettext_lazy("deed", "opened a log-in for"),
    "rename": pgettext_lazy("deed", "renamed"),
    "move": pgettext_lazy("deed", "moved"),
    "community.planrun.add": pgettext_lazy("deed", "applied"),
    "community.post.confirm": pgettext_lazy("deed", "reported on sending"),
    "skip": pgettext_lazy("deed", "did not send"),
    "hand_over": pgettext_lazy("deed", "handed over"),
    "note_result": pgettext_lazy("deed", "noted what WeCom says of"),
    "renumber": pgettext_lazy("deed", "renumbered the tree of"),
    "close": pgettext_lazy("deed", "closed"),
    "merge": pgettext_lazy("deed", "merged"),
    "unmerge": pgettext_lazy("deed", "undid a merge of"),
    "link": pgettext_lazy("deed", "linked an identity to"),
    "revoke": pgettext_lazy("deed", "revoked an identity of"),
    "release": pgettext_lazy("deed", "ended the care of"),
    "miss": pgettext_lazy("deed", "could not accept what was noted without a line at"),
    "rewards.coupon.release": pgettext_lazy("deed", "released after review"),
    "rewards.coupon.refuse": pgettext_lazy("deed", "refused after review"),
    "again": pgettext_lazy("deed", "had the events answered once more of"),
    "link_staff": pgettext_lazy("deed", "noted as a member of staff"),
    "unlink_staff": pgettext_lazy("deed", "noted as no member of staff"),
    "leave": pgettext_lazy("deed", "noted the leaving of"),
    "undo": pgettext_lazy("deed", "took back"),
    "assign": pgettext_lazy("deed", "assigned a role to"),
    "end": pgettext_lazy("deed", "ended"),
    "change_password": pgettext_lazy("deed", "changed the password of"),
    "reset_password": pgettext_lazy("deed", "reset the password of"),
    "enrol": pgettext_lazy("deed", "set up the second factor of"),
    "renew_codes": pgettext_lazy("deed", "made new recovery codes for"),
    "remove_second_factor": pgettext_lazy("deed", "removed the second factor of"),
    "close_login": pgettext_lazy("deed", "closed a log-in of"),
    "reopen_login": pgettext_lazy("deed", "opened a closed log-in of"),
    "end_sessions": pgettext_lazy("deed", "ended the sessions of"),
    "run_again": pgettext_lazy("deed", "had run again"),
    "call_off": pgettext_lazy("deed", "called off"),
    "recover": pgettext_lazy("deed", "restored from a backup"),
    "give": pgettext_lazy("deed", "gave a tag to"),
    "take": pgettext_lazy("deed", "took a tag from"),
    "run": pgettext_lazy("deed", "ran the rule of"),
    "score": pgettext_lazy("deed", "scored"),
    "publish": pgettext_lazy("deed", "published"),
    "note": pgettext_lazy("deed", "noted the consent of"),
    "take_away": pgettext_lazy("deed", "noted the withdrawn consent of"),
    "erase": pgettext_lazy("deed", "erased"),
    "fetch": pgettext_lazy("deed", "fetched the information of"),
    # Whole verbs, where their last part would say something else of the thing that they are noted at.
    "customers.identity.claim": pgettext_lazy("deed", "noted an identity of"),
    "customers.identity.verify": pgettext_lazy("deed", "verified an identity of"),
    "customers.mergeproposal.add": pgettext_lazy("deed", "pointed out a duplicate of"),
    "customers.birth.add": pgettext_lazy("deed", "noted the date of birth of"),
    "customers.birth.change": pgettext_lazy("deed", "corrected the date of birth of"),
}

# What services write beside a deed.
DETAILS = {
    "comment": gettext_lazy("words"),
    "reason": gettext_lazy("reason"),
    "step": gettext_lazy("step"),
    "to": gettext_lazy("to whom"),
    "on_behalf_of": gettext_lazy("on behalf of"),
    "number": gettext_lazy("revision number"),
    "revision": gettext_lazy("revision"),
    "quantity": gettext_lazy("quantity"),
    "branch": gettext_lazy("branch"),
    "login": gettext_lazy("log-in name"),
    "role": gettext_lazy("role"),
    "held_from": gettext_lazy("from"),
    "held_until": gettext_lazy("until"),
    "under": gettext_lazy("under"),
    "batch": gettext_lazy("coupon batch"),
    "nth": gettext_lazy("number per customer"),
    "gift": gettext_lazy("gift"),
    "order": gettext_lazy("order"),
    "until": gettext_lazy("until"),
    "undecided_until": gettext_lazy("undecided until"),
    "pattern": gettext_lazy("pattern"),
    "coupon": gettext_lazy("coupon"),
    "redemption": gettext_lazy("redemption"),
    "reversal": gettext_lazy("reversal"),
    "off_fen": gettext_lazy("money off"),
    "order_fen": gettext_lazy("order amount"),
    "sha256": gettext_lazy("hash"),
    "source": gettext_lazy("source"),
    "findings": gettext_lazy("findings"),
    "kind": gettext_lazy("kind"),
    "campaign": gettext_lazy("campaign"),
    "checked": gettext_lazy("checked"),
    "failed": gettext_lazy("not as approved"),
    "is_complete": gettext_lazy("complete"),
    "sheet": gettext_lazy("number of the sheet"),
    "sheet_sha256": gettext_lazy("hash of the sheet"),
    "form": gettext_lazy("form"),
    "count": gettext_lazy("how many"),
    "done": gettext_lazy("done"),
    "approved": gettext_lazy("of these approved"),
    "refused": gettext_lazy("of these refused"),
    "made_at": gettext_lazy("moment of the backup"),
    "absorbed": gettext_lazy("who was merged"),
    "absorbed_name": gettext_lazy("number of who was merged"),
    "other": gettext_lazy("the other customer"),
    "before": gettext_lazy("before that"),
    "kinds": gettext_lazy("kinds of identities"),
}


# Kinds of things that older rows name and that are no more.
_GONE = {"approvals.bulk": gettext_lazy("bulk approval")}


def detail_name(name: str) -> str:
    """The reader's word for a part of the detail; an unknown one as it stands."""
    return str(DETAILS.get(name, name))


def deed(verb: str) -> str:
    """What was done, in the reader's language; an unknown verb as it stands."""
    said = DEEDS.get(verb) or DEEDS.get(verb.rpartition(".")[2])
    return str(said) if said is not None else verb


def kind_of(subject: str) -> str:
    """The reader's word for the kind of thing that a reference names."""
    try:
        return str(apps.get_model(read_ref(subject).kind)._meta.verbose_name)
    except (LookupError, ValueError):
        kind = subject.partition(":")[0]
        return str(_GONE.get(kind, kind))


def sentence(*, actor_name: str, verb: str, subject: str, subject_name: str) -> str:
    """The whole row in one line."""
    return _("%(who)s %(did)s %(kind)s “%(name)s”") % {
        "who": actor_name or _("The system"),
        "did": deed(verb),
        "kind": kind_of(subject),
        "name": subject_name or subject.partition(":")[2][-8:],
    }


def sentence_of(entry: Entry) -> str:
    """The entry in one line, with the revision where it speaks of one."""
    said = sentence(
        actor_name=entry.actor_name, verb=entry.verb, subject=entry.subject, subject_name=entry.subject_name
    )
    number = entry.detail.get("number") if isinstance(entry.detail, dict) else None
    return f"{said} " + _("revision %(n)s") % {"n": number} if isinstance(number, int) else said
