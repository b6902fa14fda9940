"""Every service that writes for somebody leaves a line, and every line can be read."""

import ast
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django_celery_beat.models import PeriodicTask

from campaigns.audit.models import Entry
from campaigns.audit.words import DEEDS
from campaigns.lib.clock import now
from config.timetable import load_timetable
from tests.architecture.source import sources
from tests.support.cast import Cast

WRITERS = re.compile(r"\.(create|bulk_create|update|delete|save|get_or_create|update_or_create)\(")
VERB = re.compile(r"^[a-z]+\.[a-z]+\.[a-z_]+$")
# Public services that write and leave no line of their own, each with the reason.
SILENT = {
    "campaigns.customers.services.consents.set_own_consents": "the rows are themselves the record of what was said",
    "campaigns.customers.services.consents.merge_consents": "a step of merging, which is noted",
    "campaigns.customers.services.consents.unmerge_consents": "a step of parting, which is noted",
    "campaigns.customers.services.staff.move_staff": "a step of merging, which is noted",
    "campaigns.customers.services.staff.return_staff": "a step of parting, which is noted",
    "campaigns.customers.services.staff.forget_staff": "a step of erasing, which is noted",
    "campaigns.customers.services.rights.merge_wishes": "a step of merging, which is noted",
    "campaigns.customers.services.rights.unmerge_wishes": "a step of parting, which is noted",
    "campaigns.customers.services.consent_texts.withdraw_text": "called by a take-down alone, which is noted",
    "campaigns.customers.services.copies.write_copy": "made because it was asked for, which is noted",
    "campaigns.customers.services.copies.hand_out_address": "fetching is noted",
    "campaigns.customers.services.rights.carry_out_erasure": "a hold-up leaves a row; erasing is noted",
    "campaigns.jobs.services.outbox.write_gate": "called by what notes it, or by deliveries, which are nobody's deed",
    "campaigns.access": "logging in leaves security records",
    "campaigns.audit.services": "the audit itself",
    "campaigns.jobs.services.watch": "figures and alerts are themselves a record of the installation",
    "campaigns.notices.services": "an inbox tells of deeds that are noted",
    "campaigns.requests.services": "stored answers are nobody's deed",
    "campaigns.customers.services.sessions": "customers' log-ins; a new customer is noted by the verb that adds it",
    "campaigns.tenants.services.assignments.load_roles": "the installation's own presets",
    "campaigns.tenants.services.branches.add_head_office": "set up before anybody works here",
    "campaigns.tenants.services.closing.hand_over_people": "a step of closing, which is noted",
    "campaigns.tenants.services.organisation": "a part of applying or taking back a file, which is noted as a whole",
    "campaigns.tenants.services.branches.add_tree": "called by what notes the whole: an import, or setting up",
    "campaigns.customers.services.import_runs.judge_file": "judging changes no customer",
    "campaigns.customers.services.import_runs.apply_next": "a lot of a file, which is noted as a whole at its end",
    "campaigns.customers.services.import_runs.undo_next": "a lot of a file, which is noted as a whole",
    "campaigns.customers.services.imports.delete_content": "in due course, as the file's own record says",
    "campaigns.customers.services.exports.delete_export": "in due course, as the export's own record says",
    "campaigns.customers.services.care.hand_over_care": "a step of leaving, which is noted",
    "campaigns.jobs.services.long.ask_many": "what it shares with ask_job notes it",
    "campaigns.events.services.hooks.forget_nonces": "marks of calls that nobody can send again",
    "campaigns.events.services.months.clear_events": "what has been kept as long as its kind says",
    "campaigns.approvals.services.findings.keep_findings": "a part of submitting, which is noted",
    "campaigns.approvals.services.policies.put_in_force": "called by an approval alone",
    "campaigns.approvals.services.word_lists.publish_word_list": "called by an approval alone",
    "campaigns.approvals.services.word_lists.withdraw_word_list": "called by a take-down alone",
    "campaigns.approvals.services.talk.look_at": "looking is no deed; the row lasts for less than a minute",
    "content.services.editing.hold_item": "opening is no deed; the row lasts for a minute and a half",
    "content.services.editing.let_go_item": "the same",
    "content.services.items.write_item": "called by what notes it: once for each sitting, or each change",
    "content.services.renderings": "sizes of what was added, which is noted",
    "content.services.asset_warnings": "a part of what changes rights, which is noted; telling is nobody's deed",
    "content.services.live": "called by an approval or a take-down alone, which is noted",
    "campaigns.rewards.services.batch_files.work_step": "a lot of a list, which its work notes",
    "campaigns.rewards.services.batch_files.delete_batch_file": "in due course, as the list's own record says",
    "campaigns.rewards.services.claim_codes.make_step": "a lot of codes, which were asked for, which is noted",
    "community.plans.services.laying": "what an approved plan says, applied by somebody, which is noted",
    "community.plans.services.sending": "the post itself says what was decided, and why",
    "community.plans.services.courier": "on its way the post itself says what was decided; results are noted",
    "community.plans.services.reminders": "the task itself says how often",
    "community.plans.services.plans.publish_plan": "called by an approval alone",
    "community.plans.services.plans.withdraw_plan": "called by a take-down alone",
    "community.plans.services.plans.hand_over_plans": "a step of closing, which is noted",
    "community.plans.services.posts.take_back_posts": "a part of taking down, stopping or recalling, which is noted",
    "community.plans.services.posts.hand_over_tasks": "a step of leaving, which is noted",
    "campaigns.outreach.services.forgetting": "steps of merging, parting and erasing, which are noted",
    "campaigns.outreach.services.sending": "the touch itself says what was decided, and why",
    "campaigns.outreach.services.touches": "a wish of the customer, or a part of what is noted; the touch says of what",
    "community.groups.services.chats.note_chats": "a note of what is to be fetched, asked for by what notes it",
    "community.groups.services.chats.note_again": "the same",
    "community.groups.services.chats.put_off": "how a fetch went stands in the chat",
    "community.groups.services.chats.stop_chat": "the same",
    "community.groups.services.chats.claim_chats": "the same",
    "community.groups.services.chats.count_applied": "figures of a run, which was asked for, which is noted",
    "community.groups.services.join_ways": "what a line of a code waits for; the line was added, which is noted",
    "community.groups.services.healths": "figures of the night are nobody's deed",
    "campaigns.points.services.goods.publish_good": "called by an approval alone",
    "campaigns.points.services.goods.withdraw_good": "called by a take-down alone",
    "campaigns.points.services.goods.hand_over_goods": "a step of closing, which is noted",
    "campaigns.points.services.draws.publish_draw": "called by an approval alone",
    "campaigns.points.services.draws.withdraw_draw": "called by a take-down alone",
    "campaigns.points.services.draws.hand_over_draws": "a step of closing, which is noted",
    "community.livestreams.services.livestreams.publish_livestream": "called by an approval alone",
    "community.livestreams.services.livestreams.withdraw_livestream": "called by a take-down alone",
    "community.livestreams.services.livestreams.hand_over_livestreams": "a step of closing, which is noted",
    "campaigns.rewards.services.batches.publish_batch": "called by an approval alone",
    "campaigns.points.services.tiers.publish_tiers": "called by an approval alone",
    "campaigns.points.services.tiers.withdraw_tiers": "called by a take-down alone",
    "campaigns.points.services.tiers.hand_over_tiers": "a step of closing, which is noted",
    "campaigns.points.services.rules.publish_rule": "called by an approval alone",
    "campaigns.points.services.rules.withdraw_rule": "called by a take-down alone",
    "campaigns.rewards.services.batches.withdraw_batch": "called by a take-down alone",
    "community.checkins.services.programmes.publish_programme": "called by an approval alone",
    "community.checkins.services.programmes.withdraw_programme": "called by a take-down alone",
    "community.checkins.services.programmes.hand_over_programmes": "a step of closing, which is noted",
}


def services() -> Iterator[tuple[str, ast.FunctionDef]]:
    for source in sources("campaigns", "content", "community"):
        if "services" in source.parts[-2:] and not source.is_migration:
            for node in source.tree.body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    yield f"{source.name}.{node.name}", node


def test_a_service_that_writes_notes_the_deed_or_is_excused_by_name() -> None:
    found = dict(services())
    silent = [
        name
        for name, node in found.items()
        if WRITERS.search(text := ast.unparse(node))
        and not re.search(r"\b(_?note\w*|record)\(", text)
        and not any(name.startswith(excused) for excused in SILENT)
    ]
    assert len(found) > 30
    assert silent == []


def test_every_verb_that_is_noted_has_its_word() -> None:
    verbs = {
        node.value
        for source in sources()
        if not source.is_migration and {"services", "sql", "admin"} & set(source.parts)
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] in {"record", "note", "_note"}
        for node in ast.walk(call)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and VERB.match(node.value)
    }
    assert len(verbs) > 12
    assert sorted(verb for verb in verbs if verb.rpartition(".")[2] not in {*DEEDS, "draw_back"}) == []


@pytest.mark.django_db
def test_a_change_of_the_timetable_and_a_new_customer_are_noted(cast: Cast) -> None:
    with cast.ho_administrator.scope(at=now()):
        assert Entry.objects.filter(verb="customers.customer.add", subject_name="****0001").exists()
    load_timetable()
    task = PeriodicTask.objects.get(name="audit.seal")
    client = Client()
    client.force_login(cast.ho_administrator.login)
    url = f"/admin/django_celery_beat/periodictask/{task.pk}/change/"
    form = client.get(url).context["adminform"].form
    values = {name: value for name, value in form.initial.items() if value is not None}
    page = client.post(url, {**values, "enabled": "", "start_time_0": "", "start_time_1": ""})
    assert page.status_code == 302, page.context["errors"]
    with cast.ho_administrator.scope(at=now()):
        entry = Entry.objects.get(verb="schedule.task.change")
        assert entry.subject == f"django_celery_beat.periodictask:{task.pk}"
