"""Third-party codes: brought in by a file, drawn with a coupon, shown to its holder; who is told when few are left."""

from typing import IO
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.second_person import seconds_of
from campaigns.jobs.long_kinds import Step
from campaigns.jobs.long_models import Job
from campaigns.lib import crypto
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.notices.sentences import register_notice
from campaigns.notices.services import tell
from campaigns.rewards.codes import partner_hash
from campaigns.rewards.list_lots import Lot
from campaigns.rewards.models import Batch
from campaigns.rewards.models.codes import PartnerCode
from campaigns.rewards.models.grants import BatchFile
from campaigns.rewards.refusals.life import CodesNotAsked
from campaigns.rewards.selectors.coupons import batch_in_scope
from campaigns.rewards.services.batch_files import note_lot, take_batch_file, work_step
from campaigns.tenants.scopes import Scope

IMPORT = "rewards.import_codes"
MAY = "rewards.partnercode.add"
_LONGEST = 120
LOW = 10  # percent of all that were brought in
_ADD = """
WITH asked AS MATERIALIZED (
    SELECT u.id::uuid AS id, decode(u.hash, 'hex') AS hash, decode(u.sealed, 'hex') AS sealed, u.nth
      FROM unnest(string_to_array(%s, ','), string_to_array(%s, ','), string_to_array(%s, ','))
           WITH ORDINALITY AS u (id, hash, sealed, nth)
)
SELECT place FROM add_partner_codes(%s, %s, ARRAY(SELECT id FROM asked ORDER BY nth),
    ARRAY(SELECT hash FROM asked ORDER BY nth), ARRAY(SELECT sealed FROM asked ORDER BY nth))
"""


def import_partner_codes(
    *, scope: Scope, batch_id: UUID, file: IO[bytes], name: str, reason: str
) -> BatchFile:
    """Bring the codes of a file in (CSV or XLSX, one a row), as a long job; what the batch has already is refused.

    Raises NotFound, CodesNotAsked, ReasonMissing, BatchNotLive, FileRefused.
    """
    scope.demand(MAY)
    if not batch_in_scope(scope=scope, batch_id=batch_id).draws_codes:
        raise CodesNotAsked
    return take_batch_file(
        scope=scope,
        file=file,
        name=name,
        purpose=BatchFile.Purpose.CODES,
        batch_id=batch_id,
        may=MAY,
        kind=IMPORT,
        reason=reason,
    )


def import_step(*, scope: Scope, job: Job) -> Step:
    """One lot of a file of codes."""
    return work_step(scope=scope, job=job, work=_import, doing=_("sealing codes"))


def show_partner_code(*, scope: Scope, coupon_id: UUID) -> str:
    """The code that came with a coupon of the scope's customer; from here on it is spent, whatever happens.

    Raises NotFound: for another's coupon, one that is void or expired, and one without a code.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, sealed FROM show_partner_code(%s)", [coupon_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return crypto.unseal_here(bytes(row[1]), place=_place(row[0])).decode()


def register_sentences() -> None:
    """Called once, when the room is ready."""
    register_notice(
        "rewards.codes_low",
        _("Of the third-party codes of “%(title)s”, %(left)s of %(all)s are left: bring more in"),
        icon="confirmation_number",
        is_urgent=True,
    )


def warn_of_codes(*, scope: Scope) -> int:
    """Tell those who may bring codes in of each live batch of which few are left; how many batches that are.

    Once for each delivery: more codes, and it is told again when those run low.
    """
    scope.demand("rewards.partnercode.warn")
    live = Batch.objects.within(scope).filter(
        draws_codes=True, live__claim_from__lte=scope.at, live__claim_until__gt=scope.at
    )
    counted = live.annotate(
        all_codes=Count("partner_codes"),
        left_codes=Count("partner_codes", filter=Q(partner_codes__coupon_id=None)),
    )
    low = [batch for batch in counted if batch.left_codes * 100 <= batch.all_codes * LOW]
    for batch in low:
        tell(
            scope=scope,
            people=seconds_of(scope=scope, verbs=[MAY], branch_id=batch.branch_id),
            code="rewards.codes_low",
            key=f"rewards.codes_low:{batch.pk}:{batch.all_codes}",
            subject=ref("rewards.batch", batch.pk),
            branch_id=batch.branch_id,
            title=batch.title,
            left=batch.left_codes,
            all=batch.all_codes,
        )
    return len(low)


def _import(scope: Scope, file: BatchFile, lot: Lot) -> dict[int, str]:
    rows = lot.rows
    refused = {n: "code_empty" for n, row in enumerate(rows) if not 0 < len(row.cell) <= _LONGEST}
    kept = [(n, new_id(), row.cell) for n, row in enumerate(rows) if n not in refused]
    # Within the lot as well: the first one stays.
    seen: set[str] = set()
    for n, _key, cell in list(kept):
        if cell in seen:
            refused[n] = "code_twice"
        seen.add(cell)
    kept = [each for each in kept if each[0] not in refused]
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            [
                ",".join([str(key) for _n, key, _cell in kept]),
                ",".join([partner_hash(file.batch_id, cell).hex() for _n, _key, cell in kept]),
                ",".join(
                    [crypto.seal_here(cell.encode(), place=_place(key)).hex() for _n, key, cell in kept]
                ),
                file.batch_id,
                file.pk,
            ],
        )
        refused |= {kept[place - 1][0]: "code_twice" for (place,) in cursor.fetchall()}
    note_lot(scope=scope, file=file, verb="import", count=len(rows) - len(refused), refused=len(refused))
    return refused


def codes_of(*, scope: Scope, batch_id: UUID) -> tuple[int, int]:
    """How many third-party codes has the batch, and how many are left?"""
    rows = PartnerCode.objects.within(scope).filter(batch_id=batch_id)
    told = rows.aggregate(all=Count("pk"), left=Count("pk", filter=Q(coupon_id=None)))
    return told["all"], told["left"]


def _place(key: UUID) -> str:
    return f"rewards_partnercode|{key}|code"
