"""From a selection of samples to tasks in CVAT.

``send -> prepare`` (find everything out, change nothing) ``-> journal`` (keep the plan) ``-> send_run`` (the whole run)
``-> task_sender`` (one task: images, then labels) ``-> job_writer`` (one job, batch by batch, each kept before it is
sent). Whatever ends it, ``resume`` goes on from the last step that is known to be done.
"""
