"""Parts of the admin's forms: money typed in yuan, and rules that stay with the services."""

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget


class ServiceForm(forms.ModelForm):
    """The form of a page that saves through a service.

    The form checks shapes; the service refuses what the table's constraints forbid, in words that help. Django
    would name the constraint before the service is asked.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.validate_constraints = lambda exclude=None: None


class YuanField(forms.DecimalField):
    """Yuan with up to two decimals in the form; an int of fen in `cleaned_data` and as the initial value."""

    widget = UnfoldAdminDecimalFieldWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 13, "decimal_places": 2, "min_value": Decimal(0), **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / 100 if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        yuan = super().clean(value)
        return None if yuan is None else int(yuan * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
