"""WeCom as this installation is configured."""

from django.conf import settings

from campaigns.lib.clock import now
from community.groups.wecom import WeCom


def wecom() -> WeCom:
    """The corporation's server, by the settings of this moment."""
    return WeCom(
        base_url=settings.WECOM_BASE_URL,
        corp=settings.WECOM_CORP_ID,
        secret=settings.WECOM_CONTACT_SECRET,
        clock=now,
    )
