"""Backup, restore and the drill that proves them: `manage.py backup`, `restore`, `drill`.

One backup is one folder: `manifest.json`, the database as pg_dump's directory, the pictures its rows name, and the
keys under a passphrase. It is written under another name and renamed at the end, so a half one is never taken for
whole. Everything goes through fenhang_owner, whose own policies show it each row; what would be hidden is looked for
first, and what was dumped is counted in the dump's own snapshot.
"""
