"""All attacks together, and what no role of the application can do to a review at all."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from campaigns.approvals.models import Decision, Delegation, Revision, Seat, Step
from tests.campaigns.approvals import (
    test_attacks_content,
    test_attacks_deputies,
    test_attacks_maker,
    test_attacks_roles,
    test_attacks_steps,
)
from tests.support.cast import Cast
from tests.support.content import approve
from tests.support.reviews import submitted

SUBJECTS = (
    test_attacks_maker,
    test_attacks_content,
    test_attacks_roles,
    test_attacks_steps,
    test_attacks_deputies,
)


def test_each_attack_has_a_name_of_its_own_and_none_is_lost() -> None:
    names = [name for subject in SUBJECTS for name in subject.attack]
    assert len(names) == len(set(names)) == 64


@pytest.mark.parametrize("model", [Revision, Step, Seat, Decision, Delegation])
def test_nothing_of_a_review_is_ever_deleted(cast: Cast, model: Any) -> None:
    revision = submitted(cast.north_editor)
    approve(cast.north_reviewer, revision)
    with (
        cast.north_reviewer.scope(),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        model.objects.all()._raw_delete("default")
