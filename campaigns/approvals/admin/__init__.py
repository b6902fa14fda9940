"""The review queue and page, one's own submissions and deputies, and the rules of reviewing, in the admin."""

from campaigns.approvals.admin import policies, reviews, stops, word_lists

__all__ = ["policies", "reviews", "stops", "word_lists"]
