"""From jobs in CVAT to labels in the dataset.

``load -> load_run -> remote_changes`` (what changed in CVAT: ``fetch``, ``diff``, ``identity``) ``-> decide`` (with
``merge``, a pure function) ``-> apply`` (write only differences, note what was there before) ``-> rebase`` (what both
sides now agree on). ``dry_run`` does the same in memory; ``recover``, ``undo`` and ``resolve`` come after.
"""
