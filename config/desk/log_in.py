"""The admin's log-in form."""

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from campaigns.access.log_ins import check_log_in
from campaigns.access.services.identities import demand_password_allowed
from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal


class LogInForm(AuthenticationForm):
    """Name and password, judged by the rule that the API's staff token shares."""

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            address = self.request.META.get("REMOTE_ADDR") if self.request else None
            try:
                demand_password_allowed(username=username)
                self.user_cache = check_log_in(
                    username=username, password=password, address=address, at=now()
                )
            except Refusal as refusal:
                raise ValidationError(str(refusal), code=refusal.code) from refusal
        cleaned: dict[str, Any] = self.cleaned_data
        return cleaned
