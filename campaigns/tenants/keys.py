"""Unique keys as refusals."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from campaigns.lib.constraints import violated
from campaigns.lib.refusals import Refusal


class AlreadyTaken(Refusal):
    """A key that is unique in the whole bank, or in the branch, belongs to another row."""

    code = "tenants.key.taken"
    status = 409
    zh = "“{value}”已被使用，请换一个。"
    en = "“{value}” is already taken: choose another."


@contextmanager
def taken(constraint: str, value: str) -> Iterator[None]:
    """Turn the violation of one named unique key into a refusal; the savepoint keeps the transaction usable."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if violated(error) != constraint:
            raise
        raise AlreadyTaken(value=value) from error
