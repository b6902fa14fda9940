"""Blocks: what stands under the head of an item, in order. One module a kind; rooms above register theirs.

    register_block(BlockKind("livestream", _("Livestream"), icon="sensors", parts=(...), template="..."))

A block of a draft is {"id", "kind", and the value of each part}. Freezing turns what its parts point to into what
customers get of it; the rest stays word for word.
"""
