"""From labels that changed in FiftyOne to labels in CVAT's open jobs: a load in the other direction.

``refresh -> local_changes`` (which labels changed here) ``-> find`` (what CVAT has of them) ``-> fates`` (pure: what
becomes of each) ``-> draw`` (as CVAT objects that keep their ids) ``-> execute`` (one job: planned, written, read again
and compared). ``undo`` writes what was there before, by the same way.
"""
