"""What tiers count by and what they give, as pure functions. The database does the same sums (sql/tiers.py); tests
compare them.
"""

from datetime import date, timedelta

from campaigns.points.rules import add_months


def counts_from(*, day: date, months: int | None) -> date:
    """The first local day whose points count on `day`: n months back, or 1 January without months.

    On 31 March with one month it is 1 March: the end of February is the day before.
    """
    if months is None:
        return day.replace(month=1, day=1)
    return add_months(day, -months) + timedelta(days=1)


def own_price(*, points: int, discount: int) -> int:
    """A good's price less so many percent, rounded up; one point at least."""
    return max(1, -(-points * (100 - discount) // 100))
