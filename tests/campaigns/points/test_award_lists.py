"""Lists of customers and points as strangers write them: hostile, senseless, or any at all."""

import io
import zipfile
from collections import Counter
from random import Random
from unittest.mock import patch

import pytest

from campaigns.customers.imports.refusals import WorkbookHostile
from campaigns.lib.refusals import NotAllowed
from campaigns.points import award_files
from campaigns.points.award_files import whole
from campaigns.points.models import Award
from campaigns.points.refusals import awards as no
from campaigns.points.selectors.awards import sums_by_issuer
from campaigns.points.services import award_runs, awards
from campaigns.points.services.awards import AwardTerms
from campaigns.tenants.scopes import system_scope
from tests.campaigns.points.test_awards import TERMS, agrees, another, load, usable, words, work
from tests.support.cast import AT, Cast, hired


def test_a_hostile_or_senseless_file_is_refused_and_nothing_is_kept(cast: Cast) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<a/>")
        packed.writestr("xl/workbook.xml", b"<x>" * (80 << 20))
    with cast.north_rewards.scope() as scope:
        for content, refusal in (
            (bomb.getvalue(), WorkbookHostile),
            ("客户号,姓名\nN-1,王敏\n".encode(), no.PointsColumnMissing),
            (b"", no.FileRefused),
        ):
            with pytest.raises(refusal):
                awards.load_award(scope=scope, terms=TERMS, file=io.BytesIO(content), name="x")
        with patch.object(awards, "MOST_ROWS", 2), pytest.raises(no.AwardTooLarge):
            awards.load_award(scope=scope, terms=TERMS, file=io.BytesIO(b"N-1,1\nN-2,1\nN-3,1\n"), name="x")
        for wrong in ({"title": " "}, {"reason": "错"}, {"each": 0}, {"months": 0}, {"payer": "they"}):
            with pytest.raises(no.AwardNotClear):
                awards.load_award(
                    scope=scope,
                    terms=AwardTerms(**{"title": "标题", "reason": "双十一活动"} | wrong),
                    file=io.BytesIO(b"N-1,1\nN-2,1\n"),
                    name="x",
                )
        assert not Award.objects.within(scope).exists()
    with hired(cast, "editor", "N").scope() as scope, pytest.raises(NotAllowed):
        awards.load_award(scope=scope, terms=TERMS, file=io.BytesIO(b"N-1,1\n"), name="x")


@pytest.mark.parametrize("seed", range(3))
def test_any_list_comes_to_the_first_good_row_of_each_customer(cast: Cast, seed: int) -> None:
    """Beside books in plain Python: verdicts, sums by issuer, and what everybody has in the end."""
    draw = Random(seed)
    homes = {cast.customers[name].number: "NB" if name != "sb" else "SB" for name in ("nb", "nb2", "sb")}
    homes |= {f"N-77{n:02d}": "NB" for n in range(4)}
    for number in list(homes)[3:]:
        another(cast, number)
    rows = [
        (draw.choice([*homes, "N-nobody"]), draw.choice(["", "0", "-4", "2.5", *map(str, range(1, 40))]))
        for _ in range(30)
    ]
    told: list[tuple[int, str]] = []
    given: dict[str, int] = {}
    for line, (number, cell) in enumerate(rows, start=2):
        word = ""
        if not cell.isdigit() or not int(cell):
            word = "amount"
        elif number not in homes:
            word = "unknown"
        elif number in given:
            word = "twice"
        else:
            given[number] = int(cell)
        told.append((line, word))
    with (
        patch.object(award_files, "LOT", draw.choice([1, 7, 50])),
        patch.object(award_runs, "POSTED_AT_ONCE", 2),
    ):
        award = load(
            cast, "客户号,积分\n" + "\n".join(f"{number},{cell}" for number, cell in rows), by="ho_rewards"
        )
    assert words(award) == told
    assert (award.points, award.customers) == (sum(given.values()), len(given))
    with cast.ho_rewards.scope() as scope:
        awards.ask_award(scope=scope, award_id=award.pk)
    work()
    by_home = Counter(dict.fromkeys(("NB", "SB"), 0))
    for number, points in given.items():
        by_home[homes[number]] += points
    with system_scope(at=AT, cause="test") as scope:
        sums = {each["issuer_id"]: each["posted"] for each in sums_by_issuer(scope=scope, award=award)}
        assert sums == {cast.branch[home].pk: points for home, points in by_home.items() if points}
    assert [usable(cast, name) for name in ("nb", "nb2", "sb")] == [
        given.get(cast.customers[name].number, 0) for name in ("nb", "nb2", "sb")
    ]
    agrees()


@pytest.mark.parametrize(
    ("cell", "points"),
    [("7", 7), (" 1,000 ", 1_000), ("1，000", 1_000), ("12.0", 12), ("1,00", None), ("0", None), ("-1", None),
     ("1.5", None), ("1e3", None), ("", None), ("9" * 12, None), ("１２", 12), ("=1+1", None)],
)  # fmt: skip
def test_whole_numbers_above_zero_as_people_write_them(cell: str, points: int | None) -> None:
    assert whole(cell) == points
