"""FiftyOne labels <-> CVAT shapes and tags, as pure functions.

A FiftyOne label is handled here as its raw document (what MongoDB holds), because only that has every bit of it. CVAT
objects are the models of :mod:`cvat.models`. Nothing in this room reads a database or a server.
"""
