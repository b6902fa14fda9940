"""The story's objects at every place, made through the services, and the marks by which a leak is known.

A room that adds a kind of thing adds a line to `build`. Marks need no line: they are written into every text column
of every tenant table.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connections, models, transaction
from django.db.models.fields.json import JSONField

from campaigns.approvals.models import Revision, Stop
from campaigns.approvals.services.bulks import ask_bulk_approval
from campaigns.approvals.services.delegations import delegate
from campaigns.approvals.services.policies import add_policy
from campaigns.approvals.services.stops import add_stop, ask_lift
from campaigns.approvals.services.word_lists import add_word_list
from campaigns.audit.models import Entry
from campaigns.customers.models import ConsentDraft, Customer, CustomerExport, CustomerFile, MergeProposal
from campaigns.customers.rights_selectors import erasure_waiting
from campaigns.customers.services.consents import Wish, set_own_consents
from campaigns.customers.services.copies import ask_for_copy
from campaigns.customers.services.merges import merge_customers, settle_customers
from campaigns.customers.services.rights import ask_for_erasure
from campaigns.customers.services.tag_definitions import add_category, add_tag
from campaigns.jobs.outbox_models import Gate
from campaigns.jobs.services.due import lay
from campaigns.jobs.services.outbox import put
from campaigns.lib.clock import now
from campaigns.lib.refs import ref
from campaigns.notices.selectors import unread
from campaigns.notices.services import tell
from campaigns.planning.services import add_campaign
from campaigns.rewards.models import Share
from campaigns.rewards.services.budgets import add_budget
from campaigns.rewards.services.claim_codes import ask_codes
from campaigns.rewards.services.closing import close_day
from campaigns.rewards.services.coupons import claim_coupon, issue_redeem_token, redeem_coupon
from campaigns.rewards.services.merchants import add_cashier, add_merchant, close_merchant
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.models import Branch, Person, Role, TenantModel
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.assignments import assign_role
from campaigns.tenants.services.organisation_files import load_file
from campaigns.tenants.services.people import add_login, add_person
from content.addresses import customer_address, staff_address
from content.models import Rendition, Slot
from content.services.placements import add_placement
from tests.leaks.checkin_objects import plant_checkins
from tests.leaks.community_objects import plant_groups
from tests.leaks.content_objects import plant_originals, plant_recalls
from tests.leaks.library_objects import plant_library
from tests.leaks.livestream_objects import plant_livestreams
from tests.leaks.outreach_objects import plant_touches
from tests.leaks.plan_objects import plant_plans
from tests.leaks.points_objects import plant_draws, plant_ledger, plant_mall, plant_tiers
from tests.leaks.world import PLACES, World
from tests.support.cast import AT, PASSWORD, Player, build_cast
from tests.support.content import live_poster, make_item, submitted_item
from tests.support.customers import anonymous
from tests.support.organisation import csv_of
from tests.support.point_rules import draft_rule, live_rule
from tests.support.policies import TWO_STEPS
from tests.support.rewards import draft_batch, live_batch

# Seen from North: its parent, itself, a branch below it, and its neighbours.
OWN, CHILD, PARENT, FOREIGN = ("N",), ("NB",), ("HO",), ("S", "SB")


def mark(place: str) -> str:
    """Eight letters that stand nowhere else; `place` is a branch's code, or C2 for the other customer."""
    return f"Xq{place:_<2}vKzX"


def build() -> World:
    """The bank of the cast, with one of everything at every place."""
    # Long numbers, so that they can be told from every other number on a page.
    with connections["owner"].cursor() as cursor:
        for table, first in (
            ("tenants_branch", 7_654_301),
            ("tenants_login", 8_654_301),
            ("customers_tag", 9_654_301),
        ):
            cursor.execute(f"ALTER SEQUENCE {table}_id_seq RESTART WITH {first}")
    world = World(build_cast())
    world.customers = {"nb": world.cast.customers["nb"], "C2": world.cast.customers["nb2"]}
    rooms = [f"{path.rpartition('.')[2]}.*" for path in settings.ROOMS]
    Role.objects.create(code="everything", name="一切", name_en="Everything", verbs=[*rooms, "schedule.*"])
    for place in PLACES:
        maker, checker = _staff(world, place, "maker"), _staff(world, place, "checker")
        world.makers[place] = maker
        world.cast.players |= {f"maker_{place}": maker, f"checker_{place}": checker}
        _things(world, place, maker, checker)
        _tills(world, place, maker)
    _wallets(world)
    plant_mall(world)
    plant_draws(world)
    plant_livestreams(world)
    plant_checkins(world)
    _duplicates(world)
    plant_ledger(world)
    plant_tiers(world)
    plant_touches(world)
    plant_plans(world)
    plant_recalls(world, {place: mark(place) for place in PLACES})
    plant_originals(world, {place: mark(place) for place in PLACES})
    plant_groups(world)
    _signatures(world)
    plant_library(world, mark)
    with system_scope(at=AT, cause="leaks"):
        _found(world)
    return world


def _staff(world: World, place: str, name: str) -> Player:
    branch = world.cast.branch[place]
    with system_scope(at=AT, cause="leaks") as scope:
        person = add_person(scope=scope, branch_id=branch.pk, name=f"{name} {place}", staff_number=name)
        login = add_login(scope=scope, person=person, username=f"{name}_{place}", password=PASSWORD)
        held = assign_role(
            scope=scope, person=person, role="everything", branch_id=branch.pk, held_from=AT.replace(month=1)
        )
    world.add("tenants.person", place, person.pk)
    world.add("tenants.login", place, login.pk)
    world.add("tenants.assignment", place, held.pk)
    world.add("tenants.branch", place, branch.pk)
    return Player(person, login, held)


def _tills(world: World, place: str, maker: Player) -> None:
    """Somebody at the merchant's till, and somebody who may be made its cashier."""
    for name in ("till", "spare"):
        branch = world.cast.branch[place]
        with system_scope(at=AT, cause="leaks") as scope:
            person = add_person(scope=scope, branch_id=branch.pk, name=f"{name} {place}", staff_number=name)
            assign_role(
                scope=scope,
                person=person,
                role="merchant_clerk",
                branch_id=branch.pk,
                held_from=AT.replace(month=1),
            )
        if name == "till":
            with maker.scope() as scope:
                shop = world.ids["rewards.merchant"][place]
                row = add_cashier(scope=scope, merchant_id=shop, person_id=person.pk)
                world.add("rewards.cashier", place, row.pk)
        else:
            world.add("tenants.spare_cashier", place, person.pk)


def _things(world: World, place: str, maker: Player, checker: Player) -> None:
    with maker.scope() as scope:
        campaign = add_campaign(
            scope=scope,
            title="春节活动",
            starts_at=AT,
            ends_at=AT.replace(year=2099),
            goal="新客",
            note="只在本行",
        )
    terms: dict[str, Any] = {
        "handed_down": False,
        "claim_until": AT.replace(year=2099),
        "usable_days": 30_000,
    }
    batch = live_batch(
        world.cast,
        by=f"maker_{place}",
        reviewer=f"checker_{place}",
        shares={place: 10},
        per_customer_limit=4,
        **terms,
    )
    bare = draft_batch(world.cast, by=f"maker_{place}", **terms)
    world.add("rewards.unallotted", place, bare.pk)
    draft = draft_batch(world.cast, by=f"maker_{place}", campaign_id=campaign.pk, claims_by="single", **terms)
    with maker.scope() as scope:
        world.add("rewards.coderun", place, ask_codes(scope=scope, batch_id=draft.pk, number=1).pk)
    item, placement = live_poster(
        maker, checker, slot=Slot.HOME_FEED, batch_id=batch.pk, campaign_id=campaign.pk
    )
    waiting = submitted_item(maker, title="等待审核")
    by = {"by": f"maker_{place}", "handed_down": False}
    served = live_rule(world.cast, reviewer=f"checker_{place}", **by)
    world.add("points.rule", place, served.pk)
    world.add("points.draft", place, draft_rule(world.cast, **by).pk)
    with maker.scope() as scope:
        allot_stock(scope=scope, batch_id=draft.pk, branch_id=scope.branch_id, quantity=1)
        world.add("rewards.share", place, Share.objects.get(batch=batch, branch_id=scope.branch_id).pk)
        # For the branch alone: what is handed down is shown below by name.
        shop = add_merchant(scope=scope, code=f"M-{place}", name="春风咖啡", handed_down=False)
        world.add("rewards.merchant", place, shop.pk)
        left = add_merchant(scope=scope, code=f"L-{place}", name="旧商户", handed_down=False)
        close_merchant(scope=scope, merchant_id=left.pk, reason="合同到期")
        world.add("rewards.closed_merchant", place, left.pk)
        budget = add_budget(
            scope=scope, name="春节预算", asked_fen=500_00, valid_from=AT, valid_until=AT.replace(year=2099)
        )
        world.add("rewards.budget", place, budget.pk)
        closed = close_day(scope=scope, branch_id=scope.branch_id, day=AT.date() - timedelta(days=1))
        world.add("rewards.close", place, closed.pk)
        draft_item = make_item(scope, "草稿")
        draft_placement = add_placement(
            scope=scope,
            slot=Slot.HOME_FEED,
            item_id=item.pk,
            shown_from=AT,
            shown_until=AT.replace(year=2099),
        )
    with maker.scope() as scope:
        # A draft alone: one that held would be read by every branch below it.
        policy = add_policy(scope=scope, title="两级审核", rank=10, document=TWO_STEPS)
        file = load_file(scope=scope, name=f"{place}.csv", raw=csv_of([("X1", "新支行", place, "支行")]))
        words = add_word_list(scope=scope, title="广告用语", text="稳赚不赔 | 承诺收益 | 禁止 | 改写")
    world.add("approvals.wordlist", place, words.pk)
    with maker.scope() as scope:
        told = put(
            scope=scope,
            adapter="http.hook",
            account="core",
            subject=f"t.t:{place}",
            key=place,
            body={"name": "王敏"},
        )
    world.add("jobs.message", place, told.pk)
    world.add("jobs.gate", place, Gate.objects.create(adapter="http.hook", account=place, changed_at=AT).pk)
    with maker.scope() as scope:
        idle = add_campaign(scope=scope, title="没有内容", starts_at=AT, ends_at=AT.replace(year=2099))
        own = scope.branch_id
        held = add_stop(scope=scope, branch_id=own, reason="核查", campaign_id=idle.pk)
        asked = add_stop(scope=scope, branch_id=own, reason="核查", kind="rewards.batch", campaign_id=idle.pk)
        ask_lift(scope=scope, stop_id=asked.pk, words="已更正")
        due = lay(
            scope=scope, kind="test.ring", subject=ref("content.item", item.pk), at=AT.replace(year=2099)
        )
    world.add("jobs.due", place, due.pk)
    world.add("approvals.stop", place, held.pk)
    world.add("approvals.asked_stop", place, asked.pk)
    with maker.scope(at=now()) as scope:
        deputy = delegate(
            scope=scope,
            deputy_id=checker.person.pk,
            held_from=scope.at,
            held_until=scope.at + timedelta(days=80),
            reason="休假",
        )
    world.add("approvals.delegation", place, deputy.pk)
    world.add("tenants.organisationfile", place, file.pk)
    with maker.scope() as scope:
        # Rows alone: what the pages show of them lies in no file here.
        given = {"branch_id": scope.branch_id, "branch_pos": scope.branch_pos}
        taken = CustomerFile.objects.create(
            **given,
            name=f"{place}.csv",
            source="leaks",
            loaded_at=AT,
            sha256="0" * 64,
            size=1,
            form="csv",
            delimiter=",",
            rows=1,
            headings=1,
            titles=["手机号"],
            headings_key="",
            kept_until=AT,
            gone_at=AT,
        )
        out = CustomerExport.objects.create(
            **given, form="csv", columns=["number"], rows=1, state="waiting", asked_at=AT
        )
        words_of_consent = ConsentDraft.objects.create(
            **given, purpose="marketing", title="营销授权", title_en="Marketing", text="我同意", text_en="I agree",
            valid_from=AT, changed_at=AT,
        )  # fmt: skip
    # Tags of those above are shown to all below them, by name.
    if place not in PARENT:
        with system_scope(at=AT, cause="leaks") as scope:
            own = world.cast.branch[place].pk
            add_category(scope=scope, code=f"own_{place.lower()}", name=mark(place), owner_id=own)
        with maker.scope() as scope:
            terms = {"category_code": f"own_{place.lower()}", "kind": "computed"}
            rule = {"about": "joined", "is": "filled"}
            tag = add_tag(scope=scope, code=f"tag_{place.lower()}", name=mark(place), rule=rule, **terms)
        world.add("customers.tag_to_run", place, tag.pk)
    world.add("customers.consentdraft", place, words_of_consent.pk)
    world.add("customers.customerfile", place, taken.pk)
    world.add("customers.customerexport", place, out.pk)
    world.add("planning.campaign", place, campaign.pk)
    world.add("rewards.batch", place, batch.pk)
    world.add("rewards.draft", place, draft.pk)
    world.add("content.item", place, item.pk)
    world.add("content.placement", place, placement.pk)
    world.add("content.draft_item", place, draft_item.pk)
    world.add("content.draft_placement", place, draft_placement.pk)
    world.add("content.asset", place, item.asset_id)
    world.add("approvals.revision", place, waiting.pk)
    world.add("approvals.policy", place, policy.pk)
    with checker.scope() as scope:
        tell(
            scope=scope,
            people=[maker.person.pk],
            code="notices.taken_over",
            key=f"notices.taken_over:{place}",
            subject=waiting.subject,
            # Its text is all of a notice that is shown, to its person alone.
            who=mark(place) if place not in {*OWN, *CHILD} else "张三",
        )
    with maker.scope() as scope:
        world.add("notices.notice", place, unread(scope=scope).get(key=f"notices.taken_over:{place}").pk)
    # One's own alone is shown to anybody: North's maker asked for the one below as well, standing there.
    asker, stand_at = (world.makers["N"], scope.branch_id) if place == "NB" else (maker, None)
    with asker.scope(stand_at=stand_at) as scope:
        bulk = ask_bulk_approval(scope=scope, chosen=[(waiting.pk, waiting.sha256)])
    world.add("jobs.job", place, bulk.pk)


@dataclass(frozen=True)
class Signature:
    """Of an address; no plain text, so that it is taken out of answers as ids are."""

    text: str

    def __str__(self) -> str:
        return self.text


def _signatures(world: World) -> None:
    """Good ones for every place, made for those who ask: as if somebody had talked us into signing anything."""
    staff, customer = world.makers["N"], world.customers["nb"]
    for place in PLACES:
        with world.makers[place].scope():
            made = Rendition.objects.filter(asset_id=world.ids["content.asset"][place], name="thumb").get()
        world.add("content.rendition", place, made.pk)
        with staff.scope(at=now()) as scope:
            address = staff_address(scope=scope, rendition_id=made.pk)
        world.add("content.staff_signature", place, Signature(address.rpartition("/")[2]))
        with customer.scope(at=now()) as scope:
            item_id = world.ids["content.item"][place]
            address = customer_address(
                branch_id=scope.branch_id, at=scope.at, item_id=item_id, rendition_id=made.pk
            )
        world.add("content.customer_signature", place, Signature(address.rpartition("/")[2]))


def _wallets(world: World) -> None:
    """Each customer holds a coupon, and has had another redeemed at the branch."""
    for who, place in (("nb", "NB"), ("nb2", "C2"), ("sb", "SB")):
        player = world.cast.customers[who]
        branch = "NB" if place == "C2" else place
        with player.scope() as scope:
            # Before anything is redeemed, which would have to be settled first.
            ask_for_erasure(scope=scope)
            world.add("customers.dataexport", place, ask_for_copy(scope=scope).pk)
            [said] = set_own_consents(scope=scope, wishes=[Wish("service", "sms", False)])
            world.add("customers.consent", place, said.pk)
            waiting = erasure_waiting(scope=scope, customer_id=player.customer.pk)
            assert waiting is not None
            world.add("customers.erasure", place, waiting.pk)
            kept = claim_coupon(scope=scope, batch_id=world.ids["rewards.batch"][branch])
            spent = claim_coupon(scope=scope, batch_id=world.ids["rewards.batch"][branch])
            token, _until = issue_redeem_token(scope=scope, coupon_id=spent.pk)
        with world.makers[branch].scope() as scope:
            redemption = redeem_coupon(scope=scope, token=token)
        world.add("rewards.coupon", place, kept.pk)
        world.add("rewards.redemption", place, redemption.pk)
        world.add("customers.customer", place, player.customer.pk)
    # One of a customer below was redeemed at North's own counter.
    with world.customers["nb"].scope() as scope:
        token, _until = issue_redeem_token(
            scope=scope, coupon_id=claim_coupon(scope=scope, batch_id=world.ids["rewards.batch"]["NB"]).pk
        )
    with world.makers["N"].scope() as scope:
        world.add("rewards.redemption", "N", redeem_coupon(scope=scope, token=token).pk)


def _duplicates(world: World) -> None:
    """At three branches: a customer who was merged, and two who may be one."""
    for place in ("N", "NB", "SB"):
        with system_scope(at=AT, cause="leaks") as scope:
            one, other, gone = (anonymous(scope, world.cast, place, f"{place}-{n}") for n in range(3))
            settle_customers(scope=scope, first=one, second=other, kinds={"phone"}, why="link")
            merge = merge_customers(scope=scope, kept=one, absorbed=gone, why={"by": "leaks"})
            proposal = MergeProposal.objects.get(branch=world.cast.branch[place])
        world.add("customers.customer", place, one)
        world.add("customers.mergeproposal", place, proposal.pk)
        world.add("customers.merge", place, merge.pk)


def _found(world: World) -> None:
    """Things that others made on the way."""
    for place in PLACES:
        branch = world.cast.branch[place]
        entry = Entry.objects.filter(branch_id=branch.pk).order_by("id").first()
        assert entry is not None
        world.add("audit.entry", place, entry.pk)
        assert Revision.objects.filter(branch_id=branch.pk).exists()
    assert Customer.objects.count() == 3 + 3 * 3


# Columns in which a mark would be nonsense that the code rightly trips over.
_UNMARKED = {
    "chat_id",  # of WeCom alone, as a CHECK has it
    "kind", "subject", "sha256", "format", "colour", "zone", "actor", "verb", "app", "pgh_label", "slot", "body",
    "fingerprint", "route", "key", "payer", "status", "number_tail", "if_empty",
    "thing",  # of some kinds of batch alone, as a CHECK has it; its row's title is marked
    "order_key",  # of a customer's own redemption alone, as a CHECK has it
}  # fmt: skip


def plant_marks(world: World) -> int:
    """Write each foreign branch's mark, and the other customer's, into all their text; return how many rows."""
    many = 0
    tables = [
        m
        for m in apps.get_models()
        if m._meta.managed and (issubclass(m, TenantModel) or _is_history(m) or m is Branch)
    ]
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for model in tables:
            table = model._meta.db_table
            columns = {f.column for f in model._meta.fields}
            writes = [w for f in model._meta.fields if (w := _write(f))]
            if not writes:
                continue
            # The owner writes what no service would; guards of published copies have no say here.
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            key = "branch_id" if "branch_id" in columns else "id"
            for place in (*PARENT, *FOREIGN):
                if model in (Branch, Stop) and place in PARENT:
                    continue  # where one stands, and what stops one, is shown up to head office
                written = writes
                if model is Person and place in PARENT:
                    # Who signs above a branch, and may stand in for its people, is known there by name.
                    written = [w for w in writes if not w.startswith('"name"')]
                cursor.execute(
                    f"UPDATE {table} SET {', '.join(written)} WHERE {key} = %(branch)s",
                    {"mark": mark(place), "branch": world.cast.branch[place].pk},
                )
                many += cursor.rowcount
            if "customer_id" in columns:
                other = {"mark": mark("C2"), "customer": world.cast.customers["nb2"].customer.pk}
                cursor.execute(
                    f"UPDATE {table} SET {', '.join(writes)} WHERE customer_id = %(customer)s", other
                )
                many += cursor.rowcount
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    connections["owner"].close()
    return many


def _is_history(model: type[models.Model]) -> bool:
    return {"pgh_id", "branch_pos"} <= {f.name for f in model._meta.fields}


def _write(column: models.Field) -> str:  # type: ignore[type-arg]
    """The assignment that puts the mark into a column, or ""."""
    if column.name in _UNMARKED or column.choices:
        return ""
    name = f'"{column.column}"'
    if isinstance(column, JSONField):
        marked = f"{name} || jsonb_build_object('mark', %(mark)s::text)"
        return f"{name} = CASE jsonb_typeof({name}) WHEN 'object' THEN {marked} ELSE {name} END"
    if isinstance(column, models.CharField | models.TextField):
        room = (column.max_length or 200) - len(mark("S"))
        return f"{name} = left({name}, {room}) || %(mark)s" if room >= 0 else ""
    return ""


__all__ = ["CHILD", "FOREIGN", "OWN", "PARENT", "PLACES", "UUID", "World", "build", "mark", "plant_marks"]
