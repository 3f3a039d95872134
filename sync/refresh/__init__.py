"""From labels that changed in FiftyOne to labels in CVAT's open jobs: a load in the other direction.

``refresh -> find`` (which labels changed here, and what CVAT has of them) ``-> fates`` (pure: what becomes of each)
``-> draw`` (as CVAT objects that keep their ids) ``-> execute`` (one job: planned, written, read again, compared).
``undo`` writes what was there before, by the same way.
"""
