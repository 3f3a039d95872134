"""Tasks that were annotated without this plugin become runs.

``importing -> plan`` (which tasks, which frame is which sample: ``survey``, ``linking``; which fields: ``schema``)
``->`` samples of frames that have none, if asked for (``making``: names of files in ``places``, images by ``fetch``)
``->`` a run's record and an empty base (``registering``; ``growing`` adds to those that are there) ``->`` an ordinary
load. ``built_in_runs`` finds and loads the runs of FiftyOne's own CVAT integration with FiftyOne's own code.
"""
