"""Benches: a workload beside its limit or peer, measured in one run. `manage.py bench` lists and runs them."""

# Name -> module with `run(*, quick: bool, say: Callable[[str], None]) -> harness.Report`.
BENCHES = {
    "approvals": "config.bench.approvals",
    "audit": "config.bench.audit",
    "claims": "config.bench.claims",
    "close": "config.bench.close",
    "community": "config.bench.community",
    "events": "config.bench.events",
    "grants": "config.bench.grants",
    "home": "config.bench.home",
    "import": "config.bench.importing",
    "ledger": "config.bench.ledger",
    "outbox": "config.bench.outbox",
    "posts": "config.bench.posts",
    "renditions": "config.bench.renditions",
    "rls": "config.bench.rls",
    "schedule": "config.bench.schedule",
    "search": "config.bench.search",
    "tags": "config.bench.tags",
    "tree": "config.bench.tree",
}
