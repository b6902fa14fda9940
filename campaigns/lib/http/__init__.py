"""The API's envelope: problem documents, views, pages, limits, tokens, JSON. Adapters only; no models, no rules."""
