"""The side doors, by name: where a framework answers beside its pages, what is asked there, and the test that asks."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

_HERE = "tests/leaks/test_side_doors.py::"


@dataclass(frozen=True)
class Door:
    """`test` names a test function of this repository; tests hold the list against what exists."""

    name: Any
    asked: Any
    test: str

    @property
    def sentence(self) -> str:
        """The test's name as it reads."""
        return self.test.partition("::test_")[2].replace("_", " ")


DOORS = [
    Door(
        _("Autocomplete"),
        _("Type-ahead of every form field offers only what lies within, whatever is typed."),
        _HERE + "test_autocomplete_offers_only_what_lies_within",
    ),
    Door(
        _("Search in lists"),
        _(
            "A foreign name, number or key in the address of a list finds as much as an invented one: nothing."
        ),
        _HERE + "test_search_filters_and_popups_of_a_list_tell_nothing_foreign",
    ),
    Door(
        _("Filters and their choices"),
        _("What a filter offers to choose from names nothing from elsewhere."),
        _HERE + "test_what_a_filter_offers_names_nothing_foreign",
    ),
    Door(
        _("Popups"),
        _(
            "A popup that adds a thing for another form can name nothing foreign, and hands nothing foreign back."
        ),
        _HERE + "test_a_popup_neither_shows_nor_hands_back_anything_foreign",
    ),
    Door(
        _("History"),
        _(
            "The history of a foreign thing answers like that of an absent one; one's own names nobody elsewhere."
        ),
        _HERE + "test_a_history_is_ones_own",
    ),
    Door(
        _("Confirming a deletion"),
        _("The page that lists what would go along lists nothing foreign, nor does the action on a list."),
        _HERE + "test_confirming_a_deletion_lists_nothing_foreign",
    ),
    Door(
        _("Exports"),
        _("No address answers with a file of rows from elsewhere, in no format that can be asked for."),
        _HERE + "test_asking_for_another_format_brings_no_foreign_rows",
    ),
    Door(
        _("Previews"),
        _("The phone beside a draft or a review shows nothing foreign, even when a form names it."),
        _HERE + "test_a_preview_shows_nothing_foreign",
    ),
    Door(
        _("Counts"),
        _("Totals of lists, badges and figures do not move when something happens elsewhere."),
        _HERE + "test_counts_do_not_move_when_something_happens_elsewhere",
    ),
    Door(
        _("Conditional requests"),
        _("An ETag or a date sent along does not tell whether a foreign thing exists."),
        _HERE + "test_a_condition_in_a_request_tells_nothing",
    ),
    Door(
        _("Error texts"),
        _("A refused form or request names neither the foreign thing nor whether there is one."),
        _HERE + "test_an_error_names_nothing_foreign",
    ),
    Door(
        _("Media addresses"),
        _("The address of another branch's picture answers like one that was made up."),
        _HERE + "test_a_foreign_picture_is_answered_like_an_invented_one",
    ),
    Door(
        _("Results of tasks"),
        _(
            "What runs in the background keeps no results for others to read, and its pages open at head office only."
        ),
        _HERE + "test_the_results_of_tasks_are_nobody_elses",
    ),
]
