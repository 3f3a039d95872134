"""Send to CVAT: the operators that start, resume and stop a send, the form and its texts."""
