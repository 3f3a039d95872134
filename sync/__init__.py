"""The verbs: send samples to CVAT, load annotations back, import tasks, and look after the runs.

A folder for each: :mod:`dataset` (what FiftyOne has), :mod:`runs` (what is kept of a run), :mod:`send`, :mod:`load`,
:mod:`imports`. The files beside them are shared by all. Imports go one way: ``imports -> load, send -> runs ->
dataset``; ``load`` and ``send`` do not know each other.
"""
