"""Pages of consent and of rights: typed in, refused in words, taken back."""

from typing import Any

from django.test import Client
from django.urls import reverse

from campaigns.approvals.models import Revision
from campaigns.customers.consent_models import Consent, ConsentDraft, ConsentText
from campaigns.customers.rights_models import Erasure
from campaigns.lib.clock import now
from tests.support.cast import Cast
from tests.support.consents import publish_all
from tests.support.content import approve

TEXT = {
    "purpose": "marketing", "title": "营销授权", "title_en": "Marketing", "text": "我同意", "text_en": "I agree",
    "valid_from_0": "2099-01-01", "valid_from_1": "00:00",
}  # fmt: skip


def at_desk(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.play(name).login)
    return client


def errors_of(page: Any) -> str:
    return str(page.context["adminform"].form.errors) if page.context else ""


def test_a_text_is_published_when_somebody_else_approves_its_draft(cast: Cast) -> None:
    desk, drafts = at_desk(cast, "ho_administrator"), "/admin/customers/consentdraft/"
    assert desk.post("/admin/customers/consenttext/add/", TEXT).status_code == 403
    assert "还没有草稿" in desk.get(drafts).content.decode()
    page = desk.post(f"{drafts}add/", TEXT)
    assert page.status_code == 302, errors_of(page)
    assert "已有草稿" in errors_of(desk.post(f"{drafts}add/", TEXT))
    with cast.ho_administrator.scope():
        draft = ConsentDraft.objects.get()
    own = f"{drafts}{draft.pk}/"
    assert "尚未发布" in desk.get(f"{own}change/").content.decode()
    assert "已提交审核" in desk.post(f"{own}submit/", follow=True).content.decode()
    assert not ConsentText.objects.exists()
    with cast.ho_reviewer.scope():
        revision = Revision.objects.get(kind="customers.consentdraft")
    reviewer, review = at_desk(cast, "ho_reviewer"), f"/admin/approvals/revision/{revision.pk}/"
    assert "营销授权" in reviewer.get(f"{review}change/").content.decode()
    assert "我同意" in reviewer.get(f"{review}phone/new/").content.decode()
    approve(cast.ho_reviewer, revision, at=now())
    text = ConsentText.objects.get()
    assert (text.version, len(text.sha256), text.asks_again) == (1, 64, False)
    assert (text.revision_id, text.published_by) == (revision.pk, cast.ho_administrator.person.pk)
    # Another version: what is valid stays until then.
    changed = TEXT | {"text": "我同意，且可随时撤回"}
    assert desk.post(f"{own}change/", changed).status_code == 302
    assert ConsentText.objects.count() == 1
    assert "已发布" in desk.get(drafts).content.decode()
    shown = desk.get(f"/admin/customers/consenttext/{text.pk}/change/").content.decode()
    assert text.sha256 in shown and 'name="_save"' not in shown
    # Withdrawing takes one person and a reason.
    assert "原因" in desk.post(f"{own}down/", {"reason": ""}, follow=True).content.decode()
    assert ConsentText.objects.get().withdrawn_at is None
    assert "已停用" in desk.post(f"{own}down/", {"reason": "文字有误"}, follow=True).content.decode()
    assert ConsentText.objects.get().withdrawn_at is not None
    for address in ("/admin/customers/consenttext/", drafts):
        assert at_desk(cast, "nb_manager").get(address).status_code == 403
        assert "营销授权" in at_desk(cast, "ho_auditor").get(address).content.decode()


def test_a_manager_notes_what_a_customer_said(cast: Cast) -> None:
    publish_all()
    desk = at_desk(cast, "nb_manager")
    form = {
        "number": cast.customers["nb"].number, "purpose": "marketing", "channel": "sms", "said": "given",
        "source": "paper", "evidence": "表单 2026-117",
    }  # fmt: skip
    page = desk.post("/admin/customers/consent/add/", form)
    assert page.status_code == 302, errors_of(page)
    listed = desk.get("/admin/customers/consent/").content.decode()
    assert "营销 短信" in listed and "表单 2026-117" in listed
    for number in (cast.customers["sb"].number, "N-nobody"):
        assert "没有找到" in errors_of(desk.post("/admin/customers/consent/add/", form | {"number": number}))
    assert "没有这样的授权项" in errors_of(desk.post("/admin/customers/consent/add/", form | {"channel": ""}))
    with cast.nb_manager.scope():
        [row] = Consent.objects.all()
        shown = desk.get(f"/admin/customers/consent/{row.pk}/change/").content.decode()
    assert row.text_sha256 in shown and 'name="_save"' not in shown


def test_an_erasure_is_asked_for_and_taken_back(cast: Cast) -> None:
    desk = at_desk(cast, "ho_administrator")
    form = {"number": cast.customers["sb"].number, "why": "来信要求"}
    page = desk.post("/admin/customers/erasure/add/", form)
    assert page.status_code == 302, errors_of(page)
    assert "已有待执行的注销申请" in errors_of(desk.post("/admin/customers/erasure/add/", form))
    with cast.ho_administrator.scope():
        erasure = Erasure.objects.get()
    place = reverse("admin:customers_erasure_cancel_page", args=[erasure.pk])
    assert "不会删除任何信息" in desk.get(place, follow=True).content.decode()
    assert at_desk(cast, "nb_manager").post(place, follow=True).status_code in (403, 404)
    assert "已撤回" in desk.post(place, follow=True).content.decode()
    with cast.ho_administrator.scope():
        assert Erasure.objects.get().state == "withdrawn"
    assert "没有待执行的注销申请" in desk.post(place, follow=True).content.decode()
