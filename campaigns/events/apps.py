from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsApp(AppConfig):
    name = "campaigns.events"
    label = "events"
    verbose_name = _("Events")

    def ready(self) -> None:
        from campaigns.customers import steps as of_customers
        from campaigns.customers.panels import register_moments
        from campaigns.customers.tag_selectors import register_subjects
        from campaigns.events.asking import event_subjects
        from campaigns.events.joining import forget_events, merge_events, place_events, unmerge_events
        from campaigns.events.kinds import register_first_kinds
        from campaigns.events.moments import event_moments, tell_events
        from campaigns.tenants.steps import register_step

        register_first_kinds()
        register_subjects("events", event_subjects)
        register_step("move", name="events: positions", act=place_events)
        of_customers.register_step("merge", name="events: what they did", act=merge_events)
        of_customers.register_step("unmerge", name="events: what they did", act=unmerge_events)
        of_customers.register_step("erase", name="events: who did it", act=forget_events)
        of_customers.register_told(name="events: what you did", act=tell_events)
        register_moments("events", moments=event_moments)
