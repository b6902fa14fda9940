"""The review queue, the review page and the word lists in the admin."""

from campaigns.approvals.admin import reviews, word_lists

__all__ = ["reviews", "word_lists"]
