"""What is kept of a run: its record, its base, and what loads did.

``record`` is FiftyOne's annotation run. ``store`` keeps the rest, one run's documents under its own id: the labels that
were sent (``outbox``), what both sides agreed on (``base``), and each load with what it changed (``log``, ``history``).
``lease`` says which process is at work on a run; ``status`` and ``stop`` read it.
"""
