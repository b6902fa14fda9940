"""Which rule of the database said no. Services catch the constraint they expect by name; any other is a bug."""

from django.db import IntegrityError


def violated(error: IntegrityError) -> str:
    """The name of the constraint behind `error`, or "" when the database named none."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""
