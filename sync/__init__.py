"""The verbs: send samples to CVAT, load annotations back, and look after the runs."""
