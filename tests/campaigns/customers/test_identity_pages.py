"""What staff are told of a customer: noted, verified, revoked and brought before the stewards, each with a reason."""

from datetime import date

import pytest

from campaigns.audit.models import Entry
from campaigns.audit.words import deed
from campaigns.customers.consent_models import Birth
from campaigns.customers.consent_selectors import _unsealed, births_of, permission_of
from campaigns.customers.models import Customer, Identity, MergeProposal, Tombstone
from campaigns.customers.refusals import AppNeeded, IdentityHeldElsewhere, IdentityMalformed, ReasonNeeded
from campaigns.customers.selectors import customer_by_identity
from campaigns.customers.services.identities import (
    Linked,
    ask_about_holder,
    claim_identity,
    link_identity,
    verify_identity,
)
from campaigns.customers.services.merges import confirm_proposal
from campaigns.customers.services.rights import ERASE, carry_out_erasure, note_erasure
from campaigns.jobs.due_models import Due
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import Scope, system_scope
from tests.campaigns.customers.test_admin import LIST, at_the_desk, page_of
from tests.support.cast import AT, Cast, hired

PHONE, WHY = "13800138000", "客户到柜台出示证件"


def claim(scope: Scope, customer: Customer, **given: str) -> Linked:
    given = {"kind": "phone", "value": PHONE, "reason": WHY} | given
    return claim_identity(scope=scope, customer_id=customer.pk, **given)


def test_what_staff_are_told_counts_when_it_is_verified_and_not_before(cast: Cast) -> None:
    nb = cast.customers["nb"].customer
    adviser = hired(cast, "relationship_manager", "NB")
    with adviser.scope() as scope:
        for wrong, refusal in (
            ({"reason": "看看"}, ReasonNeeded),
            ({"value": "12"}, IdentityMalformed),
            ({"kind": "openid", "value": "o-1"}, IdentityMalformed),  # from log-ins alone
            ({"kind": "external_userid", "value": "wmAbC"}, AppNeeded),
        ):
            with pytest.raises(refusal):
                claim(scope, nb, **wrong)
        assert claim(scope, nb).outcome == "claimed"
        assert claim(scope, nb, value="138 0013 8000").outcome == "known"
        row = Identity.objects.get(kind="phone")
        assert (row.state, row.source, row.verified_at) == ("unverified", "staff", None)
        assert customer_by_identity(kind="phone", value=PHONE) is None
        assert _unsealed(scope, {nb.pk}, "phone") == {}
        with pytest.raises(NotAllowed):
            verify_identity(scope=scope, identity_id=row.pk, reason=WHY)
        with pytest.raises(NotFound):
            claim(scope, cast.customers["sb"].customer)
    with cast.nb_manager.scope() as scope:
        verify_identity(scope=scope, identity_id=row.pk, reason=WHY)
        known = customer_by_identity(kind="phone", value=PHONE)
        assert known is not None and known.customer_id == nb.pk
        with pytest.raises(NotFound):  # no claim any more
            verify_identity(scope=scope, identity_id=row.pk, reason=WHY)
        entries = Entry.objects.filter(verb__startswith="customers.identity.").order_by("at", "id")
        assert [(each.verb, each.detail["reason"]) for each in entries] == [
            ("customers.identity.claim", WHY),
            ("customers.identity.verify", WHY),
        ]
        assert PHONE not in str([each.detail for each in entries])
        assert deed("customers.identity.claim") != deed("rewards.coupon.claim")


def test_what_is_somebody_elses_is_for_the_stewards_and_nobody_is_named(cast: Cast) -> None:
    nb, sb = (cast.customers[name].customer for name in ("nb", "sb"))
    with system_scope(at=AT, cause="test") as scope:
        link_identity(scope=scope, customer_id=sb.pk, kind="phone", value=PHONE, source="core")
    with cast.nb_manager.scope() as scope:
        done = claim(scope, nb)
        assert done.outcome == "held" and done.customer_id == nb.pk and done.identity_id is not None
        with pytest.raises(IdentityHeldElsewhere) as refused:
            verify_identity(scope=scope, identity_id=done.identity_id, reason=WHY)
        assert "0003" not in str(refused.value)
        assert Identity.objects.get(pk=done.identity_id).state == "unverified"
        with pytest.raises(ReasonNeeded):
            ask_about_holder(scope=scope, identity_id=done.identity_id, reason="")
        assert ask_about_holder(scope=scope, identity_id=done.identity_id, reason=WHY) == "open"
        # It lies above both, where the one who asked sees nothing of it; nor does the audit say.
        assert not MergeProposal.objects.exists()
        entry = Entry.objects.get(verb="customers.mergeproposal.add")
        assert str(sb.pk) not in str(entry.detail) + entry.subject
    with cast.ho_administrator.scope() as scope:
        found = MergeProposal.objects.get()
        assert {found.first_id, found.second_id} == {nb.pk, sb.pk}
        assert found.why == {"by": "staff", "kinds": ["phone"], "comment": WHY}
        # Once the two are one, the claim is answered.
        proposal = found.pk
    with hired(cast, "administrator", "HO").scope() as scope:
        confirm_proposal(scope=scope, proposal_id=proposal, kept=nb.pk)
        verify_identity(scope=scope, identity_id=done.identity_id, reason=WHY)
        states = Identity.objects.filter(customer=nb, kind="phone").values_list("state", flat=True)
        assert sorted(states) == ["revoked", "verified"]
        free = claim(scope, nb, value="13900139000")
        assert free.identity_id is not None
        with pytest.raises(NotFound):  # nobody holds it
            ask_about_holder(scope=scope, identity_id=free.identity_id, reason=WHY)


def test_a_claimed_number_leaves_no_tombstone_to_whoever_owns_it(cast: Cast) -> None:
    nb = cast.customers["nb"].customer
    with cast.ho_administrator.scope() as scope:
        claim(scope, nb, kind="customer_number", value=cast.customers["sb"].number)
        erasure = note_erasure(scope=scope, customer_id=nb.pk, why="客户来函")
    with system_scope(at=erasure.erase_at, cause="test") as scope:
        due = Due.objects.get(kind=ERASE)
        carry_out_erasure(scope=scope, due=due)
        assert Tombstone.objects.count() == 1


def test_identities_are_seen_to_from_the_customers_page(cast: Cast) -> None:
    sb = cast.customers["sb"].customer
    with system_scope(at=AT, cause="test") as scope:
        link_identity(scope=scope, customer_id=sb.pk, kind="phone", value=PHONE, source="core")
    client = at_the_desk("nb_manager")
    page = page_of(cast, "nb").removesuffix("change/")
    told = {"kind": "phone", "value": "13900139000", "app": "", "reason": WHY}
    shown = client.get(page_of(cast, "nb")).content.decode()
    assert f"{page}identities/link/" in shown and f"{page}birth/" in shown
    refused = client.post(f"{page}identities/link/", told | {"value": "12"}).content.decode()
    assert "不像是一个可用的" in refused
    assert client.post(f"{page}identities/link/", told).status_code == 302
    with cast.nb_manager.scope():
        mine = Identity.objects.get(kind="phone")
    offered = client.get(f"{page}identities/verify/").content.decode()
    assert "139****9000" in offered and "13900139000" not in offered
    done = client.post(f"{page}identities/verify/", {"identity": mine.pk, "reason": WHY}, follow=True)
    assert "已核验" in done.content.decode() and "13900139000" not in done.content.decode()
    done = client.post(f"{page}identities/revoke/", {"identity": mine.pk, "reason": WHY}, follow=True)
    assert "已撤销" in done.content.decode()
    with cast.nb_manager.scope():
        mine.refresh_from_db()
        assert mine.state == "revoked"
    # Somebody else's: the page goes on to where the stewards are asked, and says nothing of who.
    asking = client.post(f"{page}identities/link/", told | {"value": PHONE}, follow=True)
    assert asking.redirect_chain[0][0].startswith(f"{page}identities/ask/")
    text = asking.content.decode()
    assert "138****8000" in text and "0003" not in text and str(sb.pk) not in text
    with cast.nb_manager.scope():
        claimed = Identity.objects.get(state="unverified")
    again = client.post(f"{page}identities/verify/", {"identity": claimed.pk, "reason": WHY})
    assert again.status_code == 302 and "identities/ask" in again["Location"]
    assert client.post(f"{page}identities/ask/", {"identity": claimed.pk, "reason": WHY}).status_code == 302
    with cast.ho_administrator.scope():
        assert MergeProposal.objects.get().state == "open"
    # What there is not is said on the customer's page; whoever may not has no such page.
    other = page_of(cast, "nb2").removesuffix("change/")
    nothing = client.get(f"{other}identities/verify/", follow=True)
    assert "没有待核验的身份" in nothing.content.decode()
    auditor = at_the_desk("ho_auditor")
    assert auditor.get(f"{page}identities/link/").status_code == 403
    assert auditor.get(f"{page}birth/").status_code == 403
    gone = client.get(f"{LIST}{sb.pk}/identities/link/")
    assert (gone.status_code, gone["Location"]) == (302, LIST)


def test_a_date_of_birth_is_set_and_corrected_with_a_reason_and_shown_nowhere(cast: Cast) -> None:
    nb = cast.customers["nb"].customer
    client = at_the_desk("nb_manager")
    page = page_of(cast, "nb").removesuffix("change/")
    assert "reason" in client.post(f"{page}birth/", {"born": "2020-01-31"}).context["form"].errors
    late = client.post(f"{page}birth/", {"born": "2999-01-31", "reason": WHY}).content.decode()
    assert "出生日期" in late
    done = client.post(f"{page}birth/", {"born": "2020-01-31", "reason": WHY}, follow=True).content.decode()
    assert "未满十八周岁" in done and "2020-01-31" not in done and "已登记，加密保存" in done
    with cast.nb_manager.scope() as scope:
        assert permission_of(scope=scope, customer_id=nb.pk).is_minor
    assert "将取代" in client.get(f"{page}birth/").content.decode()
    client.post(f"{page}birth/", {"born": "1990-05-01", "reason": "登记时看错年份"})
    with cast.nb_manager.scope() as scope:
        assert births_of(scope=scope, customer_ids=[nb.pk]) == {nb.pk: date(1990, 5, 1)}
        assert not permission_of(scope=scope, customer_id=nb.pk).is_minor
        assert Birth.objects.get().source == "staff"
        entries = Entry.objects.filter(verb__startswith="customers.birth.").order_by("at", "id")
        assert [(each.verb, each.detail["reason"]) for each in entries] == [
            ("customers.birth.add", WHY),
            ("customers.birth.change", "登记时看错年份"),
        ]
        assert "1990" not in str([each.detail for each in entries])
