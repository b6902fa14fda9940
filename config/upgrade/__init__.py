"""`manage.py upgrade`: migrate while the counter is open.

An ALTER TABLE that waits makes everybody wait who comes after it, readers too. So no migration waits longer than a
blink for a lock: it gives up, lets the others through, and tries again. That helps only if it is quick once it has
the lock; `judging` says which migrations are not, and a test keeps new ones out.
"""
