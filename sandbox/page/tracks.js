/* Tracks: keyframes, and what lies between them. As in CVAT, all frames are numbers of the task. */

/* The last keyframe up to a frame, and the first one after it. */
function around(track, frame) {
  const ordered = [...track.shapes].sort((one, other) => one.frame - other.frame);
  const before = ordered.filter((keyframe) => keyframe.frame <= frame).pop();
  return [before, ordered.find((keyframe) => keyframe.frame > frame)];
}

/* The way from one angle to another, in degrees, the short way round. */
const turn = (from, to) => ((to - from + 540) % 360) - 180;

/* A track on a frame: a shape with `outside` and `keyframe`; null before its first keyframe.
   Between keyframes points move in straight lines, if there are as many; else they stay. */
export function at(track, frame) {
  if (track.elements?.length) return skeletonAt(track, frame);
  const [before, after] = around(track, frame);
  if (!before) return null;
  const moves = after && !before.outside && after.points.length === before.points.length
    && before.type !== "mask" && !(before.type === "points" && before.points.length > 2);
  const share = moves ? (frame - before.frame) / (after.frame - before.frame) : 0;
  const points = before.points.map((value, i) => (moves ? value + (after.points[i] - value) * share : value));
  const rotation = moves ? (before.rotation + turn(before.rotation, after.rotation) * share + 360) % 360 : before.rotation;
  return { ...before, frame, points, rotation, elements: [], keyframe: before.frame === frame };
}

function skeletonAt(track, frame) {
  const elements = track.elements
    .map((element) => ({ element, shape: at(element, frame) }))
    .filter(({ shape }) => shape)
    .map(({ element, shape }) => ({ ...shape, label_id: element.label_id, track: element }));
  if (!elements.length) return null;
  const [before] = around(track, frame);
  return {
    type: "skeleton", points: [], rotation: 0, occluded: before?.occluded ?? false, z_order: before?.z_order ?? 0,
    attributes: [], frame, elements, outside: elements.every((part) => part.outside),
    keyframe: elements.some((part) => part.keyframe),
  };
}

/* The keyframe of a track on a frame; made of what the track is there if there is none. */
export function keyframeAt(track, frame) {
  const known = track.shapes.find((keyframe) => keyframe.frame === frame);
  if (known) return known;
  const { type, points, rotation, occluded, z_order, outside } = at({ ...track, elements: [] }, frame) ?? track.shapes[0];
  const made = { type, points: [...points], rotation, occluded, z_order, outside, attributes: [], frame };
  track.shapes.push(made);
  track.shapes.sort((one, other) => one.frame - other.frame);
  track.frame = track.shapes[0].frame;
  return made;
}

/* Give a track another form on a frame, which becomes a keyframe. */
export function place(track, frame, shape) {
  for (const part of shape.elements ?? []) Object.assign(keyframeAt(part.track, frame), { points: part.points, outside: part.outside });
  if (shape.type !== "skeleton") Object.assign(keyframeAt(track, frame), { points: shape.points, rotation: shape.rotation });
}

/* The object is gone from this frame on, or is there again. */
export function setOutside(track, frame, outside) {
  for (const part of track.elements?.length ? track.elements : [track]) keyframeAt(part, frame).outside = outside;
}

/* Remove the keyframe on a frame, unless it is the only one. */
export function removeKeyframe(track, frame) {
  for (const part of [track, ...(track.elements ?? [])]) {
    const left = part.shapes.filter((keyframe) => keyframe.frame !== frame);
    if (left.length) part.shapes = left;
    part.frame = part.shapes[0].frame;
  }
}

/* Frames of keyframes. */
export const keyframes = (track) => [...new Set([track, ...(track.elements ?? [])].flatMap((part) => part.shapes.map((one) => one.frame)))]
  .sort((one, other) => one - other);

/* The value of a mutable attribute on a frame: of the last keyframe that gives one. */
export function valueAt(track, frame, spec) {
  const given = track.shapes.filter((keyframe) => keyframe.frame <= frame)
    .map((keyframe) => keyframe.attributes.find((entry) => entry.spec_id === spec.id)?.value)
    .filter((value) => value !== undefined);
  return given.pop() ?? spec.default_value;
}
