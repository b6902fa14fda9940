"""The pages of reviews: the queue and the review page, one's own submissions, one's deputies."""

from campaigns.approvals.admin import reviews as reviews
