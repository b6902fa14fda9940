from campaigns.approvals.admin import policies, reviews

__all__ = ["policies", "reviews"]
