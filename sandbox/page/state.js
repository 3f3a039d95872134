/* What the editor knows of a job, what is on a frame, and what was changed. */

import { at } from "./tracks.js";

export const state = {
  job: null, meta: null, labels: new Map(), frame: 0,
  shapes: [], tags: [], tracks: [], removed: { shapes: [], tags: [], tracks: [] },
  deletedFrames: new Set(), framesChanged: false, begun: false, saved: false,
  picked: null, dragged: null, drawing: false, playing: false,
};

const listeners = [];
export const onChange = (listener) => listeners.push(listener);
export const refresh = () => listeners.forEach((listener) => listener());

export const kindOf = (thing) => (thing.shapes ? "tracks" : thing.type ? "shapes" : "tags");
export const colorOf = (thing) => state.labels.get(thing.label_id)?.color ?? "#888888";
export const describe = (thing) => `${state.labels.get(thing.label_id)?.name ?? "?"} ${thing.id ? `#${thing.id}` : "(new)"}`;

/* The form of a shape or track on the present frame; the one that is being dragged has another already. */
export function formOf(thing) {
  if (state.dragged?.thing === thing) return state.dragged.form;
  return kindOf(thing) === "tracks" ? at(thing, state.frame) : thing;
}

/* Everything on the present frame, with the tracks that are outside now. */
export function present() {
  const here = (thing) => thing.frame === state.frame;
  const found = [...state.shapes.filter(here), ...state.tracks].map((thing) => ({ thing, form: formOf(thing) }))
    .filter(({ form }) => form);
  found.sort((one, other) => one.form.z_order - other.form.z_order);
  return [...found, ...state.tags.filter(here).map((thing) => ({ thing, form: null }))];
}

export function frameInfo(frame) {
  return state.meta.frames[Math.min(frame - state.job.start_frame, state.meta.frames.length - 1)];
}

export function pick(thing) {
  state.picked = thing;
  refresh();
}

/* Note a change. As in CVAT's editor, geometry that a person changed is no longer a machine's. */
export function changed(thing, geometry = false) {
  thing.touched = true;
  if (geometry) thing.source = { auto: "semi-auto", file: "manual" }[thing.source] ?? thing.source;
  refresh();
}

/* How many things are not saved. */
export function pending() {
  const things = [...state.shapes, ...state.tags, ...state.tracks];
  const removed = Object.values(state.removed).flat();
  return things.filter((thing) => !thing.id || thing.touched).length + removed.length + (state.framesChanged ? 1 : 0);
}

export function remove(thing) {
  const kind = kindOf(thing);
  state[kind] = state[kind].filter((other) => other !== thing);
  if (thing.id) state.removed[kind].push(thing);
  pick(null);
}

/* Default values of the attributes of a label; only the immutable ones for a track. */
export function defaults(labelId, immutable = false) {
  return state.labels.get(labelId).attributes.filter((spec) => !immutable || !spec.mutable)
    .map((spec) => ({ spec_id: spec.id, value: spec.default_value }));
}

export function relabel(thing, labelId) {
  const isTrack = kindOf(thing) === "tracks";
  thing.label_id = labelId;
  thing.attributes = defaults(labelId, isTrack);
  if (isTrack) for (const keyframe of thing.shapes) keyframe.attributes = [];
  changed(thing);
}
