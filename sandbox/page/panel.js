/* Beside the picture: the objects of the frame, and the one that is picked. */

import { $, element, field } from "./api.js";
import { goTo } from "./frames.js";
import { changed, colorOf, describe, formOf, kindOf, pick, present, relabel, state } from "./state.js";
import { keyframeAt, keyframes, removeKeyframe, setOutside, valueAt } from "./tracks.js";

export function renderObjects() {
  const things = present();
  const visible = things.filter(({ form }) => !form?.outside).length;
  $("count").textContent = visible === 1 ? "1 object on this frame" : `${visible} objects on this frame`;
  $("objects").replaceChildren(...things.map(({ thing, form }) => element("li", {},
    element("button", {
      class: `${thing === state.picked ? "picked" : ""}${form?.outside ? " outside" : ""}`, onclick: () => pick(thing),
    },
    element("span", { class: "dot", style: `background: ${colorOf(thing)}` }),
    element("span", { class: "name" }, describe(thing)),
    element("span", { class: "soft" }, kindName(thing, form))))));
}

function kindName(thing, form) {
  if (kindOf(thing) === "tags") return "tag";
  if (kindOf(thing) === "shapes") return thing.type;
  return form.outside ? "outside" : form.keyframe ? "keyframe" : "track";
}

export function renderDetails() {
  const thing = state.picked;
  const form = thing && kindOf(thing) !== "tags" ? formOf(thing) : null;
  $("details").hidden = !thing;
  if (!thing) return;
  $("details-title").textContent = describe(thing);
  const labels = [...state.labels.values()].filter((entry) => !entry.has_parent);
  const choice = element("select", { "aria-label": "Label", id: "label", onchange: (event) => relabel(thing, Number(event.target.value)) },
    ...labels.map((entry) => element("option", { value: entry.id, selected: entry.id === thing.label_id }, entry.name)));
  const rows = [field("label", choice)];
  if (kindOf(thing) === "tracks") rows.push(...trackRows(thing, form));
  const specs = state.labels.get(thing.label_id).attributes;
  rows.push(...specs.map((spec) => field(spec.name, attributeControl(thing, spec))));
  if (form) rows.push(field("occluded", checkbox("occluded", form.occluded, (on) => setOccluded(thing, on))));
  rows.push(field("source", element("span", { class: "soft" }, thing.source)));
  $("fields").replaceChildren(...rows);
}

/* Where the keyframes are, and switches for the present frame. */
function trackRows(track, form) {
  const frames = keyframes(track);
  const jump = (frame, words) => element("button", { disabled: frame === undefined, title: words, "aria-label": words,
    onclick: () => goTo(frame) }, words.startsWith("Previous") ? "‹" : "›");
  const before = frames.filter((frame) => frame < state.frame).pop();
  const after = frames.find((frame) => frame > state.frame);
  const toggle = element("button", { id: "keyframe", disabled: form?.keyframe && frames.length === 1, onclick: () => {
    if (form?.keyframe) removeKeyframe(track, state.frame);
    else for (const part of track.elements?.length ? track.elements : [track]) keyframeAt(part, state.frame);
    changed(track);
  } }, form?.keyframe ? "Remove" : "Add");
  return [
    field("keyframe", element("span", { class: "keys" }, jump(before, "Previous keyframe"), toggle,
      jump(after, "Next keyframe"), element("span", { class: "soft" }, `${frames.length} in all`))),
    field("outside", checkbox("outside", form?.outside ?? true, (on) => { setOutside(track, state.frame, on); changed(track); })),
  ];
}

function checkbox(name, checked, set) {
  return element("input", { type: "checkbox", "aria-label": name, checked, onchange: (event) => set(event.target.checked) });
}

function setOccluded(thing, on) {
  const parts = kindOf(thing) === "tracks" ? [thing, ...(thing.elements ?? [])].map((part) => keyframeAt(part, state.frame)) : [thing];
  for (const part of parts) part.occluded = on;
  changed(thing);
}

/* The value of an attribute, and how it is set: mutable ones of a track belong to its keyframe. */
function attributeControl(thing, spec) {
  const ofFrame = kindOf(thing) === "tracks" && spec.mutable;
  const given = thing.attributes.find((entry) => entry.spec_id === spec.id);
  const value = ofFrame ? valueAt(thing, state.frame, spec) : given?.value ?? spec.default_value;
  const set = (text) => {
    const entries = ofFrame ? keyframeAt(thing, state.frame).attributes : thing.attributes;
    const entry = entries.find((other) => other.spec_id === spec.id);
    if (entry) entry.value = text;
    else entries.push({ spec_id: spec.id, value: text });
    changed(thing);
  };
  const options = { "aria-label": spec.name };
  if (spec.input_type === "checkbox") return checkbox(spec.name, value.toLowerCase() === "true", (on) => set(String(on)));
  if (spec.input_type === "select" || spec.input_type === "radio") {
    const values = spec.values.includes(value) ? spec.values : [value, ...spec.values];
    return element("select", { ...options, onchange: (event) => set(event.target.value) },
      ...values.map((text) => element("option", { selected: text === value }, text)));
  }
  const type = spec.input_type === "number" ? "number" : "text";
  return element("input", { ...options, type, value, onchange: (event) => set(event.target.value) });
}
