"""Published content and its campaigns."""

# Copies from before know their campaign by their revision alone; the guard would take the filling for an edit.
FILL_CAMPAIGN = """
ALTER TABLE content_liveitem DISABLE TRIGGER content_liveitem_was_approved;
UPDATE content_liveitem l SET campaign_id = (r.payload ->> 'campaign_id')::uuid
  FROM approvals_revision r WHERE r.id = l.revision_id AND r.payload ->> 'campaign_id' IS NOT NULL;
ALTER TABLE content_liveitem ENABLE TRIGGER content_liveitem_was_approved;
"""
