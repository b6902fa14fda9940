"""What is submitted is examined; what must not be said is refused, and what may stand stands by somebody's name."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from pytest_django import DjangoAssertNumQueries

from campaigns.approvals import checks, rules
from campaigns.approvals.finding_selectors import finding_counts, findings_of, lists_for
from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import (
    Acknowledgement,
    Decision,
    Finding,
    LiveWordList,
    Revision,
    Step,
    WordList,
)
from campaigns.approvals.services.findings import examine
from campaigns.approvals.services.reviews import (
    approve_revision,
    send_back_revision,
    submit_revision,
    withdraw_revision,
)
from campaigns.approvals.services.word_lists import add_word_list, change_word_list, submit_word_list
from campaigns.audit.models import Entry
from campaigns.audit.words import sentence_of
from campaigns.lib.refusals import NotAllowed, NotFound
from content.item_publishing import freeze_item
from content.models import LiveItem
from content.rules import ProductIsUnknown
from content.services.assets import add_asset
from content.services.items import add_item, submit_item
from tests.support.cast import AT, Cast, hired
from tests.support.compliance import LIST, list_in_force
from tests.support.content import approve, make_item, png, signature, submitted_item
from tests.support.rewards import live_batch


def open_ids(revision: Revision) -> list[object]:
    return list(Finding.objects.filter(revision=revision).values_list("pk", flat=True))


def test_a_forbidden_word_refuses_the_submission_with_rule_and_place(cast: Cast) -> None:
    list_in_force(cast)
    with cast.north_editor.scope() as scope:
        item = make_item(
            scope, "本息无忧", summary="保-本 保息", body="<p>我们确保本行服务。</p><p>零存整取</p>"
        )
        with pytest.raises(rules.NotCompliant) as refused:
            submit_item(scope=scope, item_id=item.pk)
        [place] = refused.value.values["findings"]
        assert {name: place[name] for name in ("check", "line", "start", "end", "excerpt")} == {
            "check": "approvals.words", "line": "summary", "start": 0, "end": 3, "excerpt": "保-本",
        }  # fmt: skip
        assert "摘要“保-本”" in refused.value.detail("zh") and "不得承诺保本" in refused.value.detail("zh")
        assert "summary“保-本”" in refused.value.detail("en") and "word list" in refused.value.detail("en")
        assert not Revision.objects.filter(kind="content.item").exists() and not Finding.objects.exists()


def test_markup_hides_nothing(cast: Cast) -> None:
    list_in_force(cast)
    with cast.north_editor.scope() as scope:
        for body in ("<p>保&nbsp;<em>本</em></p>", "<p>保<strong>本</strong></p>", "<p>&#20445;&#x672c;</p>"):
            with pytest.raises(rules.NotCompliant) as refused:
                submit_item(scope=scope, item_id=make_item(scope, body=body).pk)
            assert refused.value.values["findings"][0]["line"] == "body"
        assert submit_item(scope=scope, item_id=make_item(scope, body="<p>有医保</p><p>本行</p>").pk)


def test_a_warning_is_kept_with_place_and_version_and_must_be_acknowledged_by_name(cast: Cast) -> None:
    list_in_force(cast)
    revision = submitted_item(cast.north_editor, "春节存款", summary="年度最佳之选")
    with cast.north_reviewer.scope() as scope:
        [said] = findings_of(scope=scope, revision=revision)
        assert (said.check, said.place, said.before, said.finding.excerpt, said.after) == (
            "禁用词", "摘要", "年度", "最佳", "之选",
        )  # fmt: skip
        assert said.finding.list_version == "广告用语 v1" and "请写明依据" in said.says and said.is_open
        with pytest.raises(rules.FindingsAreOpen):
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
        assert not Decision.objects.filter(revision=revision).exists() and not LiveItem.objects.exists()
        approve_revision(
            scope=scope, revision_id=revision.pk, sha256=revision.sha256, acknowledged=[said.finding.pk]
        )
        assert LiveItem.objects.get().revision_id == revision.pk
        [said] = findings_of(scope=scope, revision=revision)
        assert not said.is_open
        seen = Acknowledgement.objects.get()
        assert (seen.person_id, seen.person_name, seen.at) == (
            cast.north_reviewer.person.pk,
            "north_reviewer",
            AT,
        )
        noted = Entry.objects.get(verb="approvals.revision.acknowledge")
        assert noted.detail["findings"] == [{"check": "approvals.words", "place": "summary", "words": "最佳"}]
        assert "确认了合规提示" in sentence_of(noted)
        assert finding_counts(scope=scope, revision_ids=[revision.pk]) == {revision.pk: 1}


def test_the_database_keeps_findings_and_acknowledgements(cast: Cast) -> None:
    """The service bypassed: each attack is refused by name."""
    list_in_force(cast)
    revision = submitted_item(cast.north_editor, summary="最佳")
    other = submitted_item(cast.nb_editor, "别的", summary="最佳")

    def acknowledge(person: object, finding: Finding, **more: object) -> Acknowledgement:
        values = {"branch_id": revision.branch_id, "branch_pos": revision.branch_pos} | more
        return Acknowledgement.objects.create(
            finding=finding, person_id=person, person_name="x", at=AT, **values
        )

    with cast.north_reviewer.scope() as scope:
        finding = Finding.objects.get(revision=revision)
        me, branch = scope.person_id, cast.branch["NB"]
        for words, attack in {
            "is by who acts": lambda: acknowledge(cast.ho_reviewer.person.pk, finding),
            "stays in its branch": lambda: acknowledge(
                me, finding, branch_id=branch.pk, branch_pos=branch.pos
            ),
            "permission denied": lambda: Finding.objects.filter(pk=finding.pk).delete(),
            "permission denied for table approvals_finding": lambda: Finding.objects.update(severity="warn"),
        }.items():
            with pytest.raises(DatabaseError, match=words), transaction.atomic():
                attack()
        signature(revision, me).save(force_insert=True)
        Step.objects.filter(revision=revision).update(state="passed", closed_at=AT)
        with pytest.raises(DatabaseError, match="when its findings are acknowledged"), transaction.atomic():
            Revision.objects.filter(pk=revision.pk).update(state="approved", decided_at=AT)
        # The same statement passes once somebody has put a name to it.
        acknowledge(me, finding)
        with pytest.raises(DatabaseError, match="finding_id"), transaction.atomic():
            acknowledge(me, finding)
        Revision.objects.filter(pk=revision.pk).update(state="approved", decided_at=AT)
        with pytest.raises(DatabaseError, match="is on an open review"), transaction.atomic():
            _finding(revision)
    with cast.north_editor.scope() as scope:
        with pytest.raises(DatabaseError, match="is never by the maker"), transaction.atomic():
            acknowledge(scope.person_id, Finding.objects.get(revision=again(scope, revision)))
        with pytest.raises(DatabaseError, match="finding_blocking_ones"), transaction.atomic():
            _finding(other, severity="block")


def _finding(revision: Revision, **more: object) -> Finding:
    values = {"severity": "warn"} | more
    return Finding.objects.create(
        branch_id=revision.branch_id,
        branch_pos=revision.branch_pos,
        revision=revision,
        rule="x",
        at=AT,
        **values,
    )


def again(scope: object, revision: Revision) -> Revision:
    """A second revision of the same maker, in review."""
    return submit_item(scope=scope, item_id=make_item(scope, "再来", summary="最佳").pk)  # type: ignore[arg-type]


def test_findings_are_acknowledged_by_reviewers_while_the_review_is_open(cast: Cast) -> None:
    from campaigns.approvals.services.findings import acknowledge_findings

    list_in_force(cast)
    revision = submitted_item(cast.north_editor, summary="最佳")
    foreign = submitted_item(cast.south_editor, summary="最佳")
    with cast.south_reviewer.scope():
        foreign_ids = open_ids(foreign)
    with cast.north_editor.scope() as scope, pytest.raises(NotAllowed):
        acknowledge_findings(scope=scope, revision=revision, finding_ids=open_ids(revision))
    with cast.south_reviewer.scope() as scope, pytest.raises(NotFound):
        approve_revision(
            scope=scope, revision_id=revision.pk, sha256=revision.sha256, acknowledged=open_ids(foreign)
        )
    with cast.north_reviewer.scope() as scope:
        with pytest.raises(rules.FindingsAreOpen):
            approve_revision(
                scope=scope, revision_id=revision.pk, sha256=revision.sha256, acknowledged=foreign_ids
            )
        assert not Acknowledgement.objects.exists()
        # To send back nobody need let anything stand.
        send_back_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="换个说法")
        closed = Revision.objects.get(pk=revision.pk)
        with pytest.raises(rules.ReviewIsClosed):
            acknowledge_findings(scope=scope, revision=closed, finding_ids=open_ids(revision))


def test_a_policy_makes_a_check_stricter_and_never_looser(cast: Cast) -> None:
    list_in_force(cast)
    with cast.north_editor.scope() as scope:
        kind = kind_of("content.item")
        mild = freeze_item(scope, make_item(scope, summary="最佳").pk)
        grave = freeze_item(scope, make_item(scope, summary="保本").pk)
        assert [f.severity for f in examine(scope=scope, kind=kind, frozen=mild)] == ["warn"]
        with pytest.raises(rules.NotCompliant):
            examine(scope=scope, kind=kind, frozen=mild, severities={"approvals.words": "block"})
        with pytest.raises(rules.NotCompliant):
            examine(scope=scope, kind=kind, frozen=grave, severities={"approvals.words": "warn"})


def test_a_product_says_what_its_class_must_say(cast: Cast) -> None:
    list_in_force(cast)
    with cast.north_editor.scope() as scope:
        with pytest.raises(ProductIsUnknown):
            make_item(scope, product_class="stock")
        item = make_item(scope, "稳健一号", body="<p>业绩比较基准以公告为准。</p>", product_class="wealth")
        with pytest.raises(rules.NotCompliant) as refused:
            submit_item(scope=scope, item_id=item.pk)
        assert "理财非存款、产品有风险、投资须谨慎" in refused.value.detail("zh")
        # Said over two paragraphs and with other commas it is said.
        item = make_item(
            scope,
            "稳健二号",
            body="<p>理财非存款，</p><p>产品有风险；投资须谨慎！</p>",
            product_class="wealth",
        )
        revision = submit_item(scope=scope, item_id=item.pk)
        assert open_ids(revision) == [] and revision.payload["product_class"] == "wealth"
        submit_item(scope=scope, item_id=make_item(scope, "存款", product_class="deposit").pk)


def test_links_rights_and_coupons_are_looked_at(cast: Cast) -> None:
    list_in_force(cast)
    batch = live_batch(cast, by="north_rewards", reviewer="north_reviewer", threshold_fen=10000, off_fen=2000)
    with cast.north_editor.scope() as scope:
        short = make_item(scope, body='<p><a href="https://t.cn/a1">详情</a></p>')
        with pytest.raises(rules.NotCompliant, match="短链接看不出指向哪里"):
            submit_item(scope=scope, item_id=short.pk)
        asset = add_asset(
            scope=scope, raw=png((1, 2, 3)), name="借来的图", alt="图", rights_until=AT + timedelta(days=30)
        )
        item = make_item(
            scope,
            "满 100 元减 30",
            summary="满100减20",
            body='<p><a href="https://news.cn/x">新闻</a><a href="https://m.bank.cn">网点</a></p>',
            asset_id=asset.pk,
            batch_id=batch.pk,
        )
        revision = submit_item(scope=scope, item_id=item.pk)
        found = [
            (f.finding.rule, f.place, f.finding.excerpt) for f in findings_of(scope=scope, revision=revision)
        ]
        assert found == [
            ("content.coupon", "标题", "满 100 元减 30"),
            ("approvals.links", "正文", "https://news.cn/x"),
            ("content.rights", "图片", "借来的图"),
        ]
        enough = make_item(
            scope, "短期", asset_id=asset.pk, shown_until=AT + timedelta(days=30), batch_id=batch.pk
        )
        assert open_ids(submit_item(scope=scope, item_id=enough.pk)) == []


def test_lists_add_up_from_head_office_down_and_hold_nowhere_else(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    north = hired(cast, "administrator", "N")
    list_in_force(cast)
    list_in_force(
        cast,
        "惊喜价 | 本省口径 | 禁止 | 改用“优惠价”\n! 保本\n域名：north.cn",
        by=north,
        checker=cast.north_reviewer,
    )
    for player, summary, is_refused in (
        (cast.north_editor, "惊喜价", True),
        (cast.nb_editor, "惊喜价", True),
        (cast.south_editor, "惊喜价", False),
        (cast.ho_editor, "惊喜价", False),
        (cast.nb_editor, "保本", True),  # a branch excuses nothing that head office forbids
    ):
        with player.scope() as scope:
            item = make_item(scope, summary=summary)
            if is_refused:
                with pytest.raises(rules.NotCompliant):
                    submit_item(scope=scope, item_id=item.pk)
            else:
                submit_item(scope=scope, item_id=item.pk)
    with cast.nb_editor.scope() as scope:
        assert scope.branch_pos
        lists_for(scope=scope, branch_pos=scope.branch_pos)
        # Known versions: the one query that says which they are.
        with django_assert_num_queries(1):
            assert [each.version for each in lists_for(scope=scope, branch_pos=scope.branch_pos)] == [
                "广告用语 v1"
            ] * 2


def test_a_word_list_itself_goes_through_a_review_and_old_versions_hold_until_then(cast: Cast) -> None:
    first = list_in_force(cast)
    with cast.ho_administrator.scope() as scope:
        draft = WordList.objects.get()
        change_word_list(
            scope=scope, word_list_id=draft.pk, title="广告用语", text=LIST.replace("保本 |", "保息 |")
        )
        second = submit_word_list(scope=scope, word_list_id=draft.pk)
        assert open_ids(second) == []  # a list of forbidden words is not advertising
        with pytest.raises(NotAllowed):
            approve_revision(scope=scope, revision_id=second.pk, sha256=second.sha256)
        assert LiveWordList.objects.get().revision_id == first.pk
        with pytest.raises(DatabaseError, match="is never edited"), transaction.atomic():
            LiveWordList.objects.update(document={"words": [], "exceptions": [], "musts": [], "hosts": []})
    approve(cast.ho_reviewer, second)
    with cast.ho_administrator.scope() as scope:
        live = LiveWordList.objects.get()
        assert (live.revision_id, live.number) == (second.pk, 2)
        assert kind_of("approvals.wordlist").differences(scope, Revision.objects.get(pk=second.pk)) == []  # type: ignore[misc]
        kind_of("approvals.wordlist").restore(scope, draft.pk, first.payload)  # type: ignore[misc]
        assert "保本 |" in WordList.objects.get().text
    revision = submitted_item(cast.north_editor, summary="保本")
    with cast.north_editor.scope() as scope:
        withdraw_revision(scope=scope, revision_id=revision.pk)


def test_a_list_with_mistakes_is_not_submitted_and_an_old_form_overwrites_nothing(cast: Cast) -> None:
    with cast.ho_administrator.scope() as scope:
        draft = add_word_list(scope=scope, title="用语", text="保本")
        with pytest.raises(rules.NotReady, match="第1行"):
            submit_word_list(scope=scope, word_list_id=draft.pk)
        seen = draft.changed_at
        later = add_word_list(scope=scope, title="空", text="  ")
        with pytest.raises(rules.NotReady):
            submit_word_list(scope=scope, word_list_id=later.pk)
        with pytest.raises(rules.ListEditedMeanwhile):
            change_word_list(
                scope=scope, word_list_id=draft.pk, title="用语", text="", seen_at=seen - timedelta(seconds=1)
            )
        with pytest.raises(rules.ListHasNoTitle):
            add_word_list(scope=scope, title=" ", text="")
        with pytest.raises(rules.ListTooLong):
            add_word_list(scope=scope, title="长", text="长" * 400_001)
    with cast.north_editor.scope() as scope:
        with pytest.raises(NotAllowed):
            add_word_list(scope=scope, title="x", text="")
        with pytest.raises(NotAllowed):
            submit_revision(scope=scope, subject=f"approvals.wordlist:{draft.pk}")


def test_policies_are_told_class_worth_and_reach(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = live_batch(
        cast, by="ho_rewards", reviewer="ho_reviewer", quota=500, off_fen=2000, handed_down=True
    )
    with cast.ho_editor.scope() as scope:
        item = make_item(scope, product_class="fund", batch_id=batch.pk, handed_down=True)
        frozen = freeze_item(scope, item.pk)
        # What the coupon gives away; how many customers there are.
        with django_assert_num_queries(2):
            facts = kind_of("content.item").facts(scope, frozen)
        assert (facts.product_class, facts.reward_fen, facts.audience) == ("fund", 1_000_000, 3)
    with cast.nb_editor.scope() as scope:
        here = make_item(scope)
        assert kind_of("content.item").facts(scope, freeze_item(scope, here.pk)).audience == 2
    with cast.ho_rewards.scope() as scope:
        kind = kind_of("rewards.batch")
        facts = kind.facts(scope, kind.freeze(scope, batch.pk))
        assert (facts.product_class, facts.reward_fen, facts.audience) == ("", 1_000_000, 3)


def test_every_check_speaks_and_an_unknown_severity_or_code_stands_alone() -> None:
    assert {check.code for check in checks.checks()} == {
        "approvals.words", "approvals.links", "approvals.disclosure", "content.rights", "content.coupon",
        "points.draw", "points.tiers", "content.product", "content.references",
        "community.plan", "community.livestream", "community.programme",
    }  # fmt: skip
    for check in checks.checks():
        assert check.say({}) and str(check.label)
    with pytest.raises(ValueError, match="registered already"):
        checks.register_check(checks.Check("approvals.words", "x", lambda scope, sight: [], lambda args: ""))
    assert checks.check_of("gone") is None


def test_an_item_added_without_a_class_has_none(cast: Cast) -> None:
    with cast.north_editor.scope() as scope:
        assert add_item(scope=scope, title="x", shown_from=AT).product_class == ""
