"""What FiftyOne has: raw documents of labels, media files and mask files, read and written.

``samples`` is the one place that talks to FiftyOne's collections; ``labels`` reads, writes and puts back the labels of
a dataset for a load; ``observe`` finds out which labels a collection has. Files: ``media`` (what is sent) and
``mask_files``. Nothing here knows of CVAT.
"""
