"""The review queue, the review page, and the rules of reviewing, in the admin."""

from campaigns.approvals.admin import policies, reviews, word_lists

__all__ = ["policies", "reviews", "word_lists"]
