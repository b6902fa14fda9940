"""Merges, imports, their undoing and the closing of a branch that meet: they wait for each other, never crosswise.

Each meeting is arranged so that either side has its first lock before the other asks for its second; the control is the
same meeting without the order of locks, and ends in a deadlock.
"""

import hashlib
import threading
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, connections, transaction

from campaigns.customers import handing_over
from campaigns.customers import sql as sql_of_customers
from campaigns.customers.imports import sql, undoing, writing
from campaigns.customers.imports.mapping import Columns
from campaigns.customers.merge_selectors import absorbed_ids
from campaigns.customers.models import Customer, CustomerFile, Identity, Merge, RefreshSession
from campaigns.customers.refusals import RefreshRefused
from campaigns.customers.scopes import customer_scope
from campaigns.customers.selectors import customer_by_identity
from campaigns.customers.services import import_runs, imports, merges
from campaigns.customers.services.identities import link_identity
from campaigns.customers.services.merges import merge_customers
from campaigns.customers.services.sessions import refresh_session
from campaigns.lib.ids import new_id
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.branches import add_branch
from campaigns.tenants.services.closing import close_branch
from campaigns.tenants.walls import verb
from tests.support.cast import AT, Cast
from tests.support.customers import anonymous
from tests.support.races import together, until_one_waits

HEADINGS = "客户号,手机号,机构号\n"


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


class Meeting:
    """The one side opens the door for the other between its locks, and waits there until that one waits for a lock."""

    def __init__(self) -> None:
        self._door = threading.Event()

    def second(self, act: Callable[[], Any]) -> Callable[[], Any]:
        """The other side, which begins when the one has its first lock."""

        def run() -> Any:
            assert self._door.wait(20)
            return act()

        return run

    @contextmanager
    def after(
        self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, *, is_before: bool = False
    ) -> Any:
        """Have the call of `name` be the moment between the two locks of one side."""
        real: Callable[..., Any] = getattr(module, name)

        def run(*args: Any, **kwargs: Any) -> Any:
            if is_before:
                self._pause()
            done = real(*args, **kwargs)
            if not is_before:
                self._pause()
            return done

        with monkeypatch.context() as patched:
            patched.setattr(module, name, run)
            yield

    def _pause(self) -> None:
        if self._door.is_set():
            return
        self._door.set()
        until_one_waits()


def crossed(results: list[Any]) -> bool:
    """Did two wait for each other? Anything else that went wrong is raised."""
    odd = [each for each in results if isinstance(each, Exception) and not isinstance(each, OperationalError)]
    assert odd == []
    return any("deadlock" in str(each) for each in results if isinstance(each, OperationalError))


def successor_of(cast: Cast) -> Branch:
    with system_scope(at=AT, cause="test") as scope:
        return add_branch(
            scope=scope, parent_id=cast.branch["NC"].pk, code="NB2", name="北城二支行", level="branch"
        )


def judged(cast: Cast, rows: str, *, headings: str = HEADINGS) -> CustomerFile:
    with cast.ho_administrator.scope() as scope:
        file = imports.take_file(
            scope=scope, file=BytesIO((headings + rows).encode()), name="客户.csv", source="core"
        )
        imports.choose_columns(scope=scope, file_id=file.pk, columns=Columns.from_json(file.mapping))
        import_runs.judge_file(scope=scope, file_id=file.pk)
        imports.ask_apply(scope=scope, file_id=file.pk)
        return file


def scoped(player: Any, act: Callable[[Any], Any]) -> Callable[[], Any]:
    def run() -> Any:
        with player.scope() as scope:
            return act(scope)

    return run


@pytest.mark.parametrize("is_ordered", [True, False], ids=["in order", "control"])
def test_a_branch_closes_while_two_of_its_customers_become_one(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch, is_ordered: bool
) -> None:
    cast, meeting = committed_cast, Meeting()
    nb, home = cast.customers["nb"].customer.pk, cast.branch["NB"]
    successor = successor_of(cast)
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")
        # On the disk the younger one lies first: whoever takes them as they lie takes them in another order.
        Customer.objects.filter(pk=nb).update(attributes={"age": 41})
    if not is_ordered:
        monkeypatch.setattr(handing_over, "hold_customers_of", as_they_lie)

    def close(scope: Any) -> Any:
        return close_branch(scope=scope, branch_id=home.pk, successor_id=successor.pk)

    def merge(scope: Any) -> Any:
        return merge_customers(scope=scope, kept=nb, absorbed=visitor, why={"by": "test"})

    with meeting.after(monkeypatch, merges, "_held"):
        results = together(
            [scoped(cast.nb_manager, merge), meeting.second(scoped(cast.ho_administrator, close))]
        )
    assert crossed(results) is not is_ordered, results
    if is_ordered:
        assert isinstance(results[0], Merge)
        with system_scope(at=AT, cause="test"):
            assert absorbed_ids(nb) == [visitor]
            homes = Customer.objects.filter(pk__in=[nb, visitor]).values_list("branch_id", flat=True)
            assert set(homes) == {successor.pk}


def as_they_lie(*, branch_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
    return 0


@pytest.mark.parametrize("is_ordered", [True, False], ids=["in order", "control"])
def test_a_branch_closes_while_a_file_brings_customers_into_it(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch, is_ordered: bool
) -> None:
    cast, meeting = committed_cast, Meeting()
    nb, home = cast.customers["nb"], cast.branch["NB"]
    successor = successor_of(cast)
    file = judged(cast, f"C-10000001,13800000001,NB\n{nb.number},13800000002,NB\n")
    if not is_ordered:
        monkeypatch.setattr(sql, "LOCK", sql.LOCK.replace("FOR NO KEY UPDATE OF c", ""))

    def close(scope: Any) -> Any:
        return close_branch(scope=scope, branch_id=home.pk, successor_id=successor.pk)

    def apply(scope: Any) -> Any:
        return import_runs.apply_next(scope=scope, file_id=file.pk)

    with meeting.after(monkeypatch, writing, "_change", is_before=True):
        results = together(
            [scoped(cast.ho_administrator, apply), meeting.second(scoped(cast.ho_administrator, close))]
        )
    assert crossed(results) is not is_ordered, results
    if is_ordered:
        with system_scope(at=AT, cause="test"):
            known = customer_by_identity(kind="phone", value="13800000002")
            assert known is not None and known.customer_id == nb.customer.pk
            assert Customer.objects.get(pk=nb.customer.pk).branch_id == successor.pk


@pytest.mark.parametrize("is_ordered", [True, False], ids=["in order", "control"])
def test_a_file_is_taken_back_while_whom_it_made_becomes_somebody_else(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch, is_ordered: bool
) -> None:
    cast, meeting = committed_cast, Meeting()
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")
    file = judged(cast, "C-10000001,13800000001,NB\n")
    with cast.ho_administrator.scope() as scope:
        while not import_runs.apply_next(scope=scope, file_id=file.pk).is_over:
            pass
        CustomerFile.objects.filter(pk=file.pk).update(state="undoing")
        made: UUID = customer_by_identity(kind="phone", value="13800000001").customer_id  # type: ignore[union-attr]
    if not is_ordered:
        monkeypatch.setattr(undoing, "hold_customers", lambda cursor, ids: 0)

    def undo(scope: Any) -> Any:
        return import_runs.undo_next(scope=scope, file_id=file.pk)

    def merge(scope: Any) -> Any:
        return merge_customers(scope=scope, kept=visitor, absorbed=made, why={"by": "test"})

    with meeting.after(monkeypatch, merges, "_locked"):
        results = together(
            [scoped(cast.nb_manager, merge), meeting.second(scoped(cast.ho_administrator, undo))]
        )
    assert crossed(results) is not is_ordered, results
    if is_ordered:
        assert isinstance(results[0], Merge)
        with system_scope(at=AT, cause="test"):
            assert Customer.objects.get(pk=made).status == "merged"
            known = customer_by_identity(kind="phone", value="13800000001")
            assert known is not None and known.customer_id == visitor


def test_whoever_is_merged_between_the_verdict_and_the_lock_is_judged_anew(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row speaks of who they are now, and nothing is written to who is gone."""
    cast = committed_cast
    nb = cast.customers["nb"].customer.pk
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")
        link_identity(scope=scope, customer_id=visitor, kind="unionid", value="union-walk-in", source="core")
    file = judged(cast, "union-walk-in,13800000003,NB\n", headings="unionid,手机号,机构号\n")
    merged: list[Any] = []
    real: Callable[..., Any] = import_runs.judge  # type: ignore[attr-defined]

    def absorb(scope: Any) -> Any:
        return merge_customers(scope=scope, kept=nb, absorbed=visitor, why={"by": "test"})

    def judge(*args: Any, **kwargs: Any) -> Any:
        verdicts = real(*args, **kwargs)
        if not merged:
            merged.extend(together([scoped(cast.nb_manager, absorb)]))
        return verdicts

    monkeypatch.setattr(import_runs, "judge", judge)
    with cast.ho_administrator.scope() as scope:
        import_runs.apply_next(scope=scope, file_id=file.pk)
        assert isinstance(merged[0], Merge)
        known = customer_by_identity(kind="phone", value="13800000003")
        assert known is not None and known.customer_id == nb
        assert not Identity.objects.filter(customer=visitor).exists()


@pytest.mark.parametrize("is_ordered", [True, False], ids=["in order", "control"])
def test_a_phone_asks_for_its_next_token_while_its_customer_becomes_another(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch, is_ordered: bool
) -> None:
    """The merge ends the session: the phone logs in again, as who the customer is now."""
    cast, meeting = committed_cast, Meeting()
    nb = cast.customers["nb"].customer.pk
    token = "the phone's token"
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")
    begin_session(visitor, token)

    def merge(scope: Any) -> Any:
        return merge_customers(scope=scope, kept=nb, absorbed=visitor, why={"by": "test"})

    def refresh() -> Any:
        try:
            return refresh_session(refresh=token, at=AT + timedelta(minutes=1))
        except RefreshRefused:
            return "refused"

    with meeting.after(monkeypatch, merges, "_locked"), rotating(is_ordered):
        results = together([scoped(cast.nb_manager, merge), meeting.second(refresh)])
    assert crossed(results) is not is_ordered, results
    if is_ordered:
        assert isinstance(results[0], Merge) and results[1] == "refused"
        [session] = RefreshSession.objects.using("owner").filter(customer_id=visitor)
        assert session.revoked_at == AT and session.rotated_at is None


def begin_session(customer_id: UUID, token: str) -> None:
    with customer_scope(customer_id=customer_id, at=AT, cause="test") as scope:
        RefreshSession.objects.create(
            customer_id=customer_id,
            branch_id=scope.branch_id,
            branch_pos=scope.branch_pos,
            family=new_id(),
            token_hash=hashlib.sha256(token.encode()).digest(),
            issued_at=AT,
            expires_at=AT + timedelta(days=30),
        )


@contextmanager
def rotating(is_ordered: bool) -> Any:
    """For the control the function as it was before it knew the order."""
    if is_ordered:
        yield
        return
    was = sql_of_customers.ROTATE_REFRESH.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    try:
        _replace(was)
        yield
    finally:
        _replace(sql_of_customers.ROTATE_REFRESH_IN_ORDER)


def _replace(function: str) -> None:
    signature = "rotate_refresh(bytea, bytea, uuid, timestamptz, timestamptz, interval)"
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for operation in verb(signature, function):
            cursor.execute(operation.sql)  # type: ignore[arg-type] # each is one text
