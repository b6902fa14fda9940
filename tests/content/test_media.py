"""A picture's address works for those it was made for, while they may see the picture; else nothing is there."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.lib.clock import now
from campaigns.lib.ids import new_id
from campaigns.tenants.doors import ASSIGNMENT_KEY
from campaigns.tenants.scopes import ScopeClosed
from content.addresses import (
    SLOT,
    customer_address,
    read_customer_pass,
    read_staff_pass,
    staff_address,
)
from content.files import path_of
from content.models import Asset, LiveItem, Rendition
from content.rules import AddressIsVoid
from content.scopes import public_scope
from content.services.assets import add_asset
from content.services.items import take_down_item
from tests.support.cast import AT, Cast, Player
from tests.support.content import live_poster, make_asset, png


def parts(address: str) -> tuple[str, str]:
    """What stands before the signature, and the signature."""
    before, _slash, signature = address.rpartition("/")
    return before, signature


def enter(player: Player) -> Client:
    """A browser in which this member of staff is logged in."""
    client = Client()
    client.force_login(player.login)
    session = client.session
    session[ASSIGNMENT_KEY] = str(player.assignment.pk)
    session.save()
    return client


def look(client: Client, address: str, **headers: str) -> Any:
    """Ask for a picture and take it to the end; `answer.body` is what came."""
    answer: Any = client.get(address, headers=headers)
    answer.body = b"".join(answer)
    return answer


def heard(answer: Any) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and body of a refusal, without the address that was asked."""
    return answer.status_code, dict(answer.headers) | {"Content-Length": ""}, answer.json() | {"instance": ""}


@pytest.fixture
def thumb(cast: Cast) -> Rendition:
    """A picture of North's library that is in no content yet."""
    with cast.north_editor.scope() as scope:
        asset = add_asset(scope=scope, raw=png(), name="朝霞")
        return asset.renditions.get(name="thumb")


def test_an_address_is_good_for_its_picture_its_party_and_its_time(cast: Cast) -> None:
    picture, item = new_id(), new_id()
    start = AT.replace(minute=0)
    with cast.north_editor.scope(at=start) as scope:
        mine = staff_address(scope=scope, rendition_id=picture)
        branch_id = scope.branch_id
    _before, signature = parts(mine)
    login_id = cast.north_editor.login.pk
    read = {"rendition_id": picture, "signature": signature, "at": start}
    given = read_staff_pass(login_id=login_id, **read)
    assert (given.branch_id, given.item_id, given.until) == (
        branch_id,
        None,
        start + timedelta(seconds=2 * SLOT),
    )
    # Equal within a slot, so that what carries it keeps its ETag.
    for minutes, same in [(59, True), (60, False)]:
        with cast.north_editor.scope(at=start + timedelta(minutes=minutes)) as scope:
            assert (staff_address(scope=scope, rendition_id=picture) == mine) is same
    assert read_staff_pass(login_id=login_id, **read | {"at": given.until - timedelta(seconds=1)})
    wrongs: list[dict[str, Any]] = [
        {"at": given.until},
        {"rendition_id": new_id()},
        {"login_id": cast.north_reviewer.login.pk},
        {"login_id": None},
        *(
            {"signature": wrong}
            for wrong in ("", "-", "x", "é-é", signature[:-1], signature + "0", "0-0-0-0")
        ),
        # Every part of it is signed.
        *({"signature": signature.replace(part, "f" * len(part), 1)} for part in signature.split("-")),
    ]
    for wrong in wrongs:
        with pytest.raises(AddressIsVoid):
            read_staff_pass(**{"login_id": login_id, **read, **wrong})
    # One kind is no use as the other.
    with pytest.raises(AddressIsVoid):
        read_customer_pass(**read)
    with cast.customers["nb"].scope(at=start) as scope:
        address = customer_address(branch_id=scope.branch_id, at=scope.at, item_id=item, rendition_id=picture)
    assert read_customer_pass(rendition_id=picture, signature=parts(address)[1], at=start).item_id == item
    with pytest.raises(AddressIsVoid):
        read_staff_pass(login_id=login_id, rendition_id=picture, signature=parts(address)[1], at=start)


def test_a_replaced_secret_still_reads_what_it_signed(cast: Cast, settings: Any) -> None:
    picture = new_id()
    with cast.north_editor.scope() as scope:
        signature = parts(staff_address(scope=scope, rendition_id=picture))[1]
    read = {"login_id": cast.north_editor.login.pk, "rendition_id": picture, "signature": signature, "at": AT}
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another " * 8
    assert read_staff_pass(**read)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(AddressIsVoid):
        read_staff_pass(**read)


def test_a_phone_shows_the_pictures_of_its_home_page_until_they_are_taken_down(
    cast: Cast, client: Client
) -> None:
    own, _place = live_poster(cast.nb_editor, cast.north_reviewer, "中山路")
    above, _place = live_poster(cast.ho_editor, cast.ho_reviewer, "总行", handed_down=True)
    headers = cast.customers["nb"].headers()
    home = client.get("/api/v1/home", headers=headers)
    addresses = {card["id"]: card["picture"]["urls"]["thumb"] for card in home.json()["feed"]}
    assert set(addresses) == {str(own.pk), str(above.pk)}
    for address in addresses.values():
        # Without a token, as a phone's <image> asks.
        answer = look(client, address)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
        kept, age = answer["Cache-Control"].split(", max-age=")
        assert kept == "private" and 0 < int(age) <= 2 * SLOT
        assert look(client, address, **headers).status_code == 200
    with cast.north_reviewer.scope() as scope:
        take_down_item(scope=scope, item_id=own.pk, reason="利率已变")
    gone = heard(client.get(addresses[str(own.pk)]))
    assert gone[0] == 404
    assert look(client, addresses[str(above.pk)]).status_code == 200
    # As absent as what never was.
    with cast.customers["nb"].scope(at=now()) as scope:
        nothing = customer_address(
            branch_id=scope.branch_id, at=scope.at, item_id=new_id(), rendition_id=new_id()
        )
        nowhere = customer_address(
            branch_id=scope.branch_id, at=scope.at, item_id=above.pk, rendition_id=new_id()
        )
    assert heard(client.get(nothing)) == heard(client.get(nowhere)) == gone


def test_an_address_is_bound_to_the_branch_of_the_customer(cast: Cast, client: Client) -> None:
    item, _place = live_poster(cast.north_editor, cast.north_reviewer, handed_down=True)
    with cast.north_editor.scope():
        picture = LiveItem.objects.get(item_id=item.pk).picture["renditions"][0]["id"]
    nb, sb = cast.customers["nb"], cast.customers["sb"]
    with nb.scope(at=now()) as scope:
        address = customer_address(
            branch_id=scope.branch_id, at=scope.at, item_id=item.pk, rendition_id=picture
        )
    with sb.scope(at=now()) as scope:
        foreign = customer_address(
            branch_id=scope.branch_id, at=scope.at, item_id=item.pk, rendition_id=picture
        )
        absent = customer_address(
            branch_id=scope.branch_id, at=scope.at, item_id=new_id(), rendition_id=new_id()
        )
    with nb.scope(at=now() - timedelta(seconds=2 * SLOT)) as scope:
        expired = customer_address(
            branch_id=scope.branch_id, at=scope.at, item_id=item.pk, rendition_id=picture
        )
    assert look(client, address).status_code == 200
    nothing = heard(client.get(absent))
    assert nothing[0] == 404
    staff_token = {"Authorization": "Bearer nonsense"}
    for ask, headers in [
        (foreign, {}),
        (foreign, sb.headers()),
        (foreign, nb.headers()),
        # A token that goes along must be of the branch that the address names.
        (address, sb.headers()),
        (address, staff_token),
        (expired, {}),
        (expired, nb.headers()),
        (address[:-1] + ("0" if address[-1] != "0" else "1"), {}),
    ]:
        assert heard(client.get(ask, headers=headers)) == nothing, (ask, headers)
    assert client.post(address).status_code == 405


def test_staff_see_a_picture_as_the_log_in_and_at_the_branch_it_was_shown_to(
    cast: Cast, thumb: Rendition
) -> None:
    with cast.north_editor.scope(at=now()) as scope:
        address = staff_address(scope=scope, rendition_id=thumb.pk)
        absent = staff_address(scope=scope, rendition_id=new_id())
    editor = enter(cast.north_editor)
    answer = look(editor, address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert hashlib.sha256(answer.body).hexdigest() == thumb.sha256
    assert answer["Cache-Control"] == "private, no-cache" and "Cookie" in answer["Vary"]
    nothing = heard(editor.get(absent))
    assert nothing[0] == 404
    # Copied to a colleague of the same branch, to another branch, to nobody, to a customer.
    south = enter(cast.south_editor)
    for name, browser, headers in [
        ("colleague", enter(cast.north_reviewer), {}),
        ("south", south, {}),
        ("logged out", Client(), {}),
        ("customer", Client(), cast.customers["nb"].headers()),
    ]:
        assert heard(browser.get(address, headers=headers)) == nothing, name
    # What South was given for itself is a good address, and the picture is still not South's.
    with cast.south_editor.scope(at=now()) as scope:
        assert heard(south.get(staff_address(scope=scope, rendition_id=thumb.pk))) == nothing
    # Standing elsewhere, even below, one has other addresses.
    session = editor.session
    session["stand_at"] = cast.branch["NB"].pk
    session.save()
    assert heard(editor.get(address)) == nothing
    assert heard(Client().get(staff_address_of_old(cast, thumb))) == nothing


def staff_address_of_old(cast: Cast, thumb: Rendition) -> str:
    with cast.north_editor.scope(at=now() - timedelta(seconds=2 * SLOT)) as scope:
        return staff_address(scope=scope, rendition_id=thumb.pk)


def test_staff_see_what_is_handed_down_to_them_and_not_the_library_above(cast: Cast) -> None:
    item, _place = live_poster(cast.ho_editor, cast.ho_reviewer, handed_down=True)
    with cast.ho_editor.scope() as scope:
        asset = make_asset(scope, "金库", (20, 20, 90))
    own, _place = live_poster(cast.ho_editor, cast.ho_reviewer, "自用", asset_id=asset.pk)
    browser = enter(cast.nb_manager)
    with cast.ho_editor.scope():
        pictures = {
            row.item_id: next(r["id"] for r in row.picture["renditions"] if r["name"] == "thumb")
            for row in LiveItem.objects.all()
        }
    with cast.nb_manager.scope(at=now()) as scope:
        shown = staff_address(scope=scope, rendition_id=pictures[item.pk], item_id=item.pk)
        plain = staff_address(scope=scope, rendition_id=pictures[item.pk])
        private = staff_address(scope=scope, rendition_id=pictures[own.pk], item_id=own.pk)
        mixed = staff_address(scope=scope, rendition_id=pictures[own.pk], item_id=item.pk)
    assert look(browser, shown).status_code == 200
    assert [look(browser, address).status_code for address in (plain, private, mixed)] == [404, 404, 404]


def test_a_picture_comes_whole_in_parts_or_not_again(cast: Cast, thumb: Rendition) -> None:
    with cast.north_editor.scope(at=now()) as scope:
        address = staff_address(scope=scope, rendition_id=thumb.pk)
    browser = enter(cast.north_editor)
    bytes_kept = path_of(thumb.pk, "webp").read_bytes()
    size = len(bytes_kept)

    def ask(**headers: str) -> tuple[int, bytes, Any]:
        answer = look(browser, address, **{k.replace("_", "-"): v for k, v in headers.items()})
        return answer.status_code, answer.body, answer.headers

    status, body, headers = ask()
    etag = headers["ETag"]
    assert (status, body, headers["Accept-Ranges"]) == (200, bytes_kept, "bytes")
    assert headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in headers["Content-Security-Policy"]
    assert headers["Content-Disposition"] == f'inline; filename="{thumb.pk}.webp"'
    for condition in (etag, "*", f'"x", {etag}'):
        assert ask(If_None_Match=condition)[:2] == (304, b"")
    assert ask(If_None_Match='"x"')[0] == 200
    for asked, part in [("0-9", bytes_kept[:10]), ("10-", bytes_kept[10:]), ("-5", bytes_kept[-5:]),
                        (f"3-{size * 2}", bytes_kept[3:]), (f"-{size * 2}", bytes_kept)]:  # fmt: skip
        status, body, headers = ask(Range=f"bytes={asked}")
        first = size - len(part) if asked.startswith("-") else int(asked.split("-")[0])
        assert (status, body) == (206, part), asked
        assert headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{size}"
        assert headers["Content-Length"] == str(len(part))
    for asked in (f"{size}-", "-0"):
        status, body, headers = ask(Range=f"bytes={asked}")
        assert (status, body, headers["Content-Range"]) == (416, b"", f"bytes */{size}")
    for asked in ("bytes=0-1,3-4", "bytes=9-3", "lines=0-1", "bytes=-", "bytes=a-b"):
        assert ask(Range=asked)[:2] == (200, bytes_kept), asked
    assert ask(Range="bytes=0-9", If_Range='"x"')[0] == 200
    assert ask(Range="bytes=0-9", If_Range=etag)[0] == 206
    head = browser.head(address)
    assert (head.status_code, head["Content-Length"], head.content) == (200, str(size), b"")


def test_what_a_browser_might_run_is_never_served(cast: Cast, thumb: Rendition) -> None:
    """Even if a row said so and the file lay there."""
    with cast.north_editor.scope(at=now()) as scope:
        asset = Asset.objects.get()
        odd = Rendition.objects.create(
            branch_id=asset.branch_id, branch_pos=asset.branch_pos, asset=asset, name="odd",
            format="svg", width=1, height=1, size=1, sha256="0" * 64,
        )  # fmt: skip
        address = staff_address(scope=scope, rendition_id=odd.pk)
    path_of(odd.pk, "svg").parent.mkdir(parents=True, exist_ok=True)
    path_of(odd.pk, "svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    browser = enter(cast.north_editor)
    assert browser.get(address).status_code == 404
    # And files have no address but a signed one.
    path = path_of(thumb.pk, "webp")
    for prefix in ("/media/", "/static/", "/"):
        assert browser.get(f"{prefix}renditions/{path.parent.name}/{path.name}").status_code == 404


def test_the_public_of_a_branch_reads_what_is_shown_and_nothing_of_anybody(cast: Cast) -> None:
    from campaigns.customers.models import Customer

    live_poster(cast.nb_editor, cast.north_reviewer, "中山路")
    live_poster(cast.south_editor, cast.south_reviewer, "南方", handed_down=True)
    with public_scope(branch_id=cast.branch["NB"].pk, at=AT) as scope:
        assert (scope.branch_id, scope.actor) == (cast.branch["NB"].pk, "public")
        assert [row.title for row in LiveItem.objects.all()] == ["中山路"]
        assert not Customer.objects.exists()
        assert not scope.may("content.item.view")
    with pytest.raises(ScopeClosed), public_scope(branch_id=987_654, at=AT) as scope:
        _ = scope.branch_id


def test_the_wall_of_pictures_shows_addresses_that_open(cast: Cast, thumb: Rendition) -> None:
    import re

    browser = enter(cast.north_editor)
    page = browser.get(reverse("admin:content_asset_changelist")).content.decode()
    found = re.findall(r'src="(/admin/content/asset/media/[^"]+)"', page)
    assert found and all(look(browser, address).status_code == 200 for address in found)
