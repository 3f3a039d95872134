/* The picture with its shapes: drawing them, picking, moving, pulling, and new boxes. */

import { $, drawn } from "./api.js";
import { box, handles, maskPath, shift } from "./geometry.js";
import { changed, colorOf, defaults, describe, formOf, frameInfo, kindOf, pick, present, refresh, remove, state } from "./state.js";
import { place } from "./tracks.js";

export function renderCanvas() {
  const info = frameInfo(state.frame);
  const canvas = $("canvas");
  canvas.setAttribute("viewBox", `0 0 ${info.width} ${info.height}`);
  canvas.classList.toggle("drawing", state.drawing);
  for (const side of ["width", "height"]) $("picture").setAttribute(side, info[side]);
  const shown = present().filter(({ form }) => form && !form.outside);
  $("shapes").replaceChildren(...shown.flatMap(({ thing, form }) => shapeNodes(thing, form)));
}

function pixel() {
  const matrix = $("canvas").getScreenCTM();
  return matrix && matrix.a ? 1 / matrix.a : 1;
}

function outline(form) {
  const points = form.points;
  if (form.type === "rectangle") {
    const [x1, y1, x2, y2] = box(points);
    const node = drawn("rect", { x: x1, y: y1, width: x2 - x1, height: y2 - y1 });
    if (form.rotation) node.setAttribute("transform", `rotate(${form.rotation} ${(x1 + x2) / 2} ${(y1 + y2) / 2})`);
    return node;
  }
  if (form.type === "ellipse") {
    const [cx, cy, right, top] = points;
    const node = drawn("ellipse", { cx, cy, rx: Math.abs(right - cx), ry: Math.abs(cy - top) });
    if (form.rotation) node.setAttribute("transform", `rotate(${form.rotation} ${cx} ${cy})`);
    return node;
  }
  if (form.type === "mask") return drawn("path", { d: maskPath(points) });
  if (form.type === "polyline") return drawn("polyline", { points: points.join(" ") });
  if (form.type === "cuboid") return drawn("polygon", { points: points.slice(0, 8).join(" ") });
  const parts = form.elements?.filter((part) => !part.outside) ?? [];
  const all = form.type === "skeleton" ? parts.flatMap((part) => part.points) : points;
  return form.type === "polygon" ? drawn("polygon", { points: all.join(" ") })
    : drawn("polyline", { points: all.join(" "), "stroke-opacity": 0.35 });
}

function shapeNodes(thing, form) {
  const color = colorOf(thing);
  const picked = thing === state.picked;
  const isTrack = kindOf(thing) === "tracks";
  const node = outline(form);
  const solid = form.type === "mask"; // an outline of every run would hide the picture
  node.setAttribute("class", `shape${picked ? " picked" : ""}${isTrack ? " track" : ""}${isTrack && form.keyframe ? " keyframe" : ""}`);
  node.setAttribute("stroke", solid ? "none" : color);
  node.setAttribute("fill", node.tagName === "polyline" ? "none" : color);
  node.setAttribute("fill-opacity", (picked ? 0.32 : 0.14) + (solid ? 0.25 : 0));
  if (thing.id) node.dataset.id = thing.id;
  node.addEventListener("pointerdown", (event) => startMove(event, thing));
  const nodes = [node];
  if (form.type === "points" || form.type === "skeleton" || picked) {
    handles(form).forEach((handle, index) => {
      const dot = drawn("circle", { class: "handle", cx: handle.x, cy: handle.y, r: 5.5 * pixel() });
      dot.addEventListener("pointerdown", (event) => startPull(event, thing, index));
      nodes.push(dot);
    });
  }
  if (picked && form.type !== "mask") nodes.push(...nameTag(thing, form));
  return nodes;
}

function nameTag(thing, form) {
  const all = form.type === "skeleton" ? form.elements.flatMap((part) => part.points) : form.points;
  if (!all.length) return [];
  const [x, y] = box(form.type === "ellipse" ? [...all, all[0], all[3]] : all);
  const unit = pixel();
  const text = drawn("text", { class: "tagline", x, y: y - 7 * unit, "font-size": 13 * unit });
  text.style.strokeWidth = `${3 * unit}px`;
  text.textContent = describe(thing);
  return [text];
}

function pointer(event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform($("canvas").getScreenCTM().inverse());
  return [point.x, point.y];
}

/* A copy of the form on this frame, which can be changed. */
function copyOf(thing) {
  const form = formOf(thing);
  return { ...form, points: [...form.points], elements: (form.elements ?? []).map((part) => ({ ...part, points: [...part.points] })) };
}

function startMove(event, thing) {
  if (state.drawing || event.button !== 0) return;
  event.stopPropagation();
  let last = pointer(event);
  pick(thing);
  follow(event, thing, copyOf(thing), (form, x, y) => {
    shift(form, x - last[0], y - last[1]);
    last = [x, y];
  });
}

function startPull(event, thing, index) {
  if (event.button !== 0) return;
  event.stopPropagation();
  state.picked = thing;
  follow(event, thing, copyOf(thing), (form, x, y) => handles(form)[index].pull(x, y));
}

/* Change a form with each new place of the pointer, until it is let go; then it is the thing's. */
function follow(event, thing, form, move) {
  const start = [event.clientX, event.clientY];
  state.playing = false;
  const onMove = (next) => {
    if (!state.dragged && Math.hypot(next.clientX - start[0], next.clientY - start[1]) <= 2) return;
    state.dragged = { thing, form };
    move(form, ...pointer(next));
    renderCanvas();
  };
  const onUp = () => {
    window.removeEventListener("pointermove", onMove);
    window.removeEventListener("pointerup", onUp);
    const moved = state.dragged !== null;
    state.dragged = null;
    if (!moved) return refresh();
    if (form.type === "rectangle") form.points = box(form.points);
    if (kindOf(thing) === "tracks") place(thing, state.frame, form);
    else Object.assign(thing, { points: form.points, elements: form.elements });
    return changed(thing, true);
  };
  window.addEventListener("pointermove", onMove);
  window.addEventListener("pointerup", onUp);
}

/* A new box begins where the pointer is pressed; a shape, or a track from this frame on. */
export function startDraw(event) {
  if (!state.drawing) return pick(null);
  const [x, y] = pointer(event);
  const thing = newBox(Number($("new-label").value), $("new-kind").value === "track", [x, y, x, y]);
  state[kindOf(thing)].push(thing);
  state.drawing = false;
  state.picked = thing;
  follow(event, thing, copyOf(thing), (form, nx, ny) => { form.points[2] = nx; form.points[3] = ny; });
  window.addEventListener("pointerup", () => {
    const [x1, y1, x2, y2] = formOf(thing).points;
    if (x2 - x1 < 1 || y2 - y1 < 1) remove(thing); // a click, not a box
  }, { once: true });
  return undefined;
}

function newBox(label_id, isTrack, points) {
  const form = { type: "rectangle", occluded: false, outside: false, z_order: 0, rotation: 0, points };
  const owner = { label_id, frame: state.frame, group: 0, source: "manual", attributes: defaults(label_id, isTrack), elements: [] };
  return isTrack ? { ...owner, shapes: [{ ...form, attributes: [], frame: state.frame }] } : { ...form, ...owner };
}

export function toggleDrawing() {
  state.drawing = !state.drawing;
  pick(null);
}
