"""Objects over the frames of a video <-> CVAT's tracks, as pure functions.

A track has keyframes; what it is between them CVAT interpolates. Here is the same interpolation
(:mod:`.interpolate`), the fewest keyframes that give the frames back (:mod:`.keyframes`), the way from labels of
frames to tracks (:mod:`.send`) and the way back (:mod:`.load`). Frames are the task's numbers, coordinates are pixels,
rotations are clockwise degrees.
"""
