from typing import Any


class OneDatabase:
    """All aliases are one database under different roles, so any two rows may be related."""

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        return True
