"""A whole bank whose parts are killed while it works: what was promised happens, once, and soon after.

`rig` starts it as `manage.py up` does, `faults` breaks it, `feed` gives it due work, `customers` claim coupons, and
`ledger` compares what was promised with what happened. Five kills run with every suite; ten minutes of them are
`uv run pytest -m chaos`.
"""
