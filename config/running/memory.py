"""The collector of rubbish, and what a web process has loaded for good."""

import gc


def settle_memory() -> None:
    """What is loaded by now stays: the collector walks it no more.

    A full walk over all modules, models and templates took 0.26 s in the middle of somebody's request.
    """
    gc.collect()
    gc.freeze()
