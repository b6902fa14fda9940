"""Where Celery looks for the tasks of this room's packages."""

from community.plans.tasks import send_posts

__all__ = ["send_posts"]
