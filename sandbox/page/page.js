"use strict";
/* The sandbox's pages: a list of tasks, and an editor for the boxes and points of one job.
   Saving follows what CVAT's own editor sends: deleted frames first, then one request each for changed,
   deleted and new objects, and the state "in progress" with the first save. */

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const BROWSER_FORMATS = /\.(png|jpe?g|gif|webp|bmp|avif)$/i;
const PATHS = { polygon: true, polyline: true, points: true };

const state = {
  job: null, task: null, meta: null, labels: new Map(), frame: 0,
  shapes: [], tags: [], tracks: [], removed: { shapes: [], tags: [] },
  deletedFrames: new Set(), framesChanged: false, saved: false, picked: null, drawing: false, drag: null,
};

async function api(method, path, body) {
  const token = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  const headers = { "X-CSRFToken": token ? token.slice(10) : "" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const reply = await fetch(`/api/${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${reply.status} ${text.startsWith("{") || text.startsWith("[") ? text : reply.statusText}`);
  return text ? JSON.parse(text) : null;
}

const everything = async (path) => (await api("GET", `${path}${path.includes("?") ? "&" : "?"}page_size=all`)).results;

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function drawn(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

/* ---- lists ---------------------------------------------------------------------------------------- */

function table(head, rows) {
  const cells = (tag, values) => values.map((value) => element(tag, {}, ...[value].flat()));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...cells("th", head))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells("td", row)))));
}

function showList(title, sentence, content) {
  document.title = `${title}: sandbox, not CVAT`;
  $("list").replaceChildren(element("h1", {}, title), element("div", { class: "soft" }, sentence), content);
  $("list").hidden = false;
}

async function showTasks() {
  const tasks = await everything("tasks");
  $("crumbs").append(element("b", {}, "Tasks"));
  const rows = tasks.map((task) => [
    element("a", { href: `/tasks/${task.id}` }, `#${task.id} ${task.name}`),
    String(task.size ?? 0), String(task.jobs.count), task.status, task.owner.username,
  ]);
  const content = rows.length ? table(["Task", "Frames", "Jobs", "Status", "Owner"], rows)
    : element("p", {}, "No tasks yet. They appear here when something is sent.");
  showList("Tasks", "This server behaves like CVAT, but it is not CVAT. What is here is gone when it ends.", content);
}

async function showJobs(id) {
  const [task, jobs] = [await api("GET", `tasks/${id}`), await everything(`jobs?task_id=${id}&sort=id`)];
  $("crumbs").append(element("a", { href: "/" }, "Tasks"), " / ", element("b", {}, task.name));
  const rows = jobs.map((job) => [
    element("a", { href: `/tasks/${id}/jobs/${job.id}` }, `#${job.id}`),
    `${job.start_frame} to ${job.stop_frame}`, job.type, job.stage, job.state, job.assignee?.username ?? "nobody",
  ]);
  const content = rows.length ? table(["Job", "Frames", "Type", "Stage", "State", "Assignee"], rows)
    : element("p", {}, "This task has no jobs: its images have not arrived, or could not be read.");
  showList(task.name, `Task #${task.id}, ${task.size ?? 0} frames`, content);
}

/* ---- the editor: loading -------------------------------------------------------------------------- */

async function openJob(taskId, jobId) {
  const [job, meta, labels, annotations] = await Promise.all([
    api("GET", `jobs/${jobId}`), api("GET", `jobs/${jobId}/data/meta`),
    everything(`labels?job_id=${jobId}`), api("GET", `jobs/${jobId}/annotations`),
  ]);
  Object.assign(state, { job, meta, deletedFrames: new Set(meta.deleted_frames) });
  for (const label of labels) for (const part of [label, ...label.sublabels]) state.labels.set(part.id, part);
  Object.assign(state, { shapes: annotations.shapes, tags: annotations.tags, tracks: annotations.tracks });
  state.saved = job.state !== "new";
  $("crumbs").append(
    element("a", { href: "/" }, "Tasks"), " / ", element("a", { href: `/tasks/${taskId}` }, `Task #${taskId}`), " / ",
    element("b", {}, `Job #${jobId}`), element("span", { class: "soft", id: "frame-name" }));
  document.title = `Job #${jobId}: sandbox, not CVAT`;
  for (const label of labels) $("new-label").append(element("option", { value: label.id }, label.name));
  $("editor").hidden = $("tools").hidden = false;
  const wanted = Number(new URLSearchParams(location.search).get("frame") ?? job.start_frame);
  showFrame(wanted);
}

function frameInfo(frame) {
  return state.meta.frames[Math.min(frame - state.job.start_frame, state.meta.frames.length - 1)];
}

function showFrame(frame) {
  state.frame = Math.min(Math.max(frame, state.job.start_frame), state.job.stop_frame);
  state.picked = null;
  render();
}

/* ---- the editor: geometry ------------------------------------------------------------------------- */

const pairs = (points) => Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]]);

function box(points) {
  const list = pairs(points);
  const xs = list.map((pair) => pair[0]);
  const ys = list.map((pair) => pair[1]);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function maskPath(points) {
  const [left, top, right] = points.slice(-4);
  const width = right - left + 1;
  let path = "";
  let at = 0;
  points.slice(0, -4).forEach((run, index) => {
    for (let rest = run; index % 2 === 1 && rest > 0;) {
      const done = at + run - rest;
      const x = done % width;
      const length = Math.min(rest, width - x);
      path += `M${left + x} ${top + Math.floor(done / width)}h${length}v1h${-length}z`;
      rest -= length;
    }
    at += run;
  });
  return path;
}

/* What a track shows on a frame: its keyframes, and straight lines between them. */
function trackShape(track, frame) {
  const before = track.shapes.filter((shape) => shape.frame <= frame).pop();
  if (!before || before.outside) return null;
  const after = track.shapes.find((shape) => shape.frame > frame);
  const same = after && after.points.length === before.points.length && before.type !== "mask";
  const share = same ? (frame - before.frame) / (after.frame - before.frame) : 0;
  const points = before.points.map((value, i) => (same ? value + (after.points[i] - value) * share : value));
  return { ...before, points, label_id: track.label_id, elements: [], fixed: true };
}

function body(shape) {
  const points = shape.points;
  if (shape.type === "rectangle") {
    const [x1, y1, x2, y2] = box(points);
    const node = drawn("rect", { x: x1, y: y1, width: x2 - x1, height: y2 - y1 });
    if (shape.rotation) node.setAttribute("transform", `rotate(${shape.rotation} ${(x1 + x2) / 2} ${(y1 + y2) / 2})`);
    return node;
  }
  if (shape.type === "ellipse") {
    const [cx, cy, right, top] = points;
    const node = drawn("ellipse", { cx, cy, rx: Math.abs(right - cx), ry: Math.abs(cy - top) });
    if (shape.rotation) node.setAttribute("transform", `rotate(${shape.rotation} ${cx} ${cy})`);
    return node;
  }
  if (shape.type === "mask") return drawn("path", { d: maskPath(points) });
  if (shape.type === "polyline") return drawn("polyline", { points: points.join(" ") });
  if (shape.type === "cuboid") return drawn("polygon", { points: points.slice(0, 8).join(" ") });
  const all = shape.type === "skeleton" ? shape.elements.flatMap((part) => part.points) : points;
  return shape.type === "polygon" ? drawn("polygon", { points: all.join(" ") })
    : drawn("polyline", { points: all.join(" "), "stroke-opacity": 0.35 });
}

/* The points that can be pulled: where they are, and what pulling one to (x, y) does. */
function handles(shape) {
  const points = shape.points;
  if (shape.type === "rectangle" && !shape.rotation) {
    return [[0, 1], [2, 1], [2, 3], [0, 3]].map(([ix, iy]) => ({
      x: points[ix], y: points[iy], pull: (x, y) => { points[ix] = x; points[iy] = y; },
    }));
  }
  if (shape.type === "ellipse" && !shape.rotation) {
    return [{ x: points[2], y: points[1], pull: (x) => { points[2] = x; } },
      { x: points[0], y: points[3], pull: (_, y) => { points[3] = y; } }];
  }
  if (shape.type === "skeleton") return shape.elements.flatMap((part) => handles({ ...part, type: "points" }));
  if (!PATHS[shape.type]) return [];
  return pairs(points).map(([x, y], i) => ({ x, y, pull: (nx, ny) => { points[2 * i] = nx; points[2 * i + 1] = ny; } }));
}

function shift(shape, dx, dy) {
  if (shape.type === "mask") return;
  for (const part of [shape, ...(shape.elements ?? [])]) {
    part.points = part.points.map((value, i) => value + (i % 2 ? dy : dx));
  }
}

/* ---- the editor: drawing -------------------------------------------------------------------------- */

function visible() {
  const shapes = state.shapes.filter((shape) => shape.frame === state.frame);
  const tracks = state.tracks.map((track) => trackShape(track, state.frame)).filter(Boolean);
  return [...shapes, ...tracks].sort((one, other) => one.z_order - other.z_order);
}

function pixel() {
  const matrix = $("canvas").getScreenCTM();
  return matrix && matrix.a ? 1 / matrix.a : 1;
}

function render() {
  const { job, frame } = state;
  const info = frameInfo(frame);
  $("frame-name").textContent = `  ${info.name}`;
  Object.assign($("frame"), { value: frame, min: job.start_frame, max: job.stop_frame });
  $("previous").disabled = frame <= job.start_frame;
  $("next").disabled = frame >= job.stop_frame;
  const gone = state.deletedFrames.has(frame);
  $("gone").hidden = !gone;
  $("remove-frame").textContent = gone ? "Restore frame" : "Delete frame";
  $("draw").classList.toggle("on", state.drawing);
  renderCanvas(info);
  renderObjects();
  renderDetails();
  renderStatus();
}

function renderCanvas(info) {
  const canvas = $("canvas");
  canvas.setAttribute("viewBox", `0 0 ${info.width} ${info.height}`);
  canvas.classList.toggle("drawing", state.drawing);
  const quality = BROWSER_FORMATS.test(info.name) ? "original" : "compressed";
  const href = `/api/jobs/${state.job.id}/data?type=frame&number=${state.frame}&quality=${quality}`;
  const image = canvas.querySelector("image");
  const picture = image?.getAttribute("href") === href ? image
    : drawn("image", { href, width: info.width, height: info.height });
  const layer = drawn("g", {});
  for (const shape of visible()) layer.append(...shapeNodes(shape));
  canvas.replaceChildren(picture, layer);
}

function shapeNodes(shape) {
  const color = state.labels.get(shape.label_id)?.color ?? "#888888";
  const picked = shape === state.picked;
  const node = body(shape);
  const open = node.tagName === "polyline";
  node.setAttribute("class", `shape${picked ? " picked" : ""}${shape.fixed ? " fixed" : ""}`);
  const solid = shape.type === "mask"; // an outline of every run would hide the picture
  node.setAttribute("stroke", solid ? "none" : color);
  node.setAttribute("fill", open ? "none" : color);
  node.setAttribute("fill-opacity", (picked ? 0.32 : 0.14) + (solid ? 0.25 : 0));
  if (shape.id) node.dataset.id = shape.id;
  if (!shape.fixed) node.addEventListener("pointerdown", (event) => startMove(event, shape));
  const unit = pixel();
  const nodes = [node];
  if (shape.type === "points" || shape.type === "skeleton" || picked) {
    for (const handle of shape.fixed ? [] : handles(shape)) {
      const dot = drawn("circle", { class: "handle", cx: handle.x, cy: handle.y, r: 5.5 * unit });
      dot.addEventListener("pointerdown", (event) => startPull(event, shape, handle));
      nodes.push(dot);
    }
  }
  const all = shape.type === "skeleton" ? shape.elements.flatMap((part) => part.points) : shape.points;
  if (picked && shape.type !== "mask" && all.length) {
    const [x, y] = box(shape.type === "ellipse" ? [...all, all[0], all[3]] : all);
    const text = drawn("text", { class: "tagline", x, y: y - 7 * unit, "font-size": 13 * unit });
    text.setAttribute("stroke-width", 3 * unit);
    text.style.strokeWidth = `${3 * unit}px`;
    text.textContent = describe(shape);
    nodes.push(text);
  }
  return nodes;
}

const describe = (thing) => `${state.labels.get(thing.label_id)?.name ?? "?"} ${thing.id ? `#${thing.id}` : "(new)"}`;

function renderObjects() {
  const things = [...visible(), ...state.tags.filter((tag) => tag.frame === state.frame)];
  $("count").textContent = things.length === 1 ? "1 object on this frame" : `${things.length} objects on this frame`;
  $("objects").replaceChildren(...things.map((thing) => element("li", {},
    element("button", { class: thing === state.picked ? "picked" : "", onclick: () => pick(thing) },
      element("span", { class: "dot", style: `background: ${state.labels.get(thing.label_id)?.color ?? "#888"}` }),
      element("span", { class: "name" }, describe(thing)),
      element("span", { class: "soft" }, thing.fixed ? "track" : thing.type ?? "tag")))));
}

function field(name, control) {
  return element("div", { class: "row" }, element("label", { title: name }, name), control);
}

function attributeControl(thing, spec) {
  const given = thing.attributes.find((entry) => entry.spec_id === spec.id);
  const value = given?.value ?? spec.default_value;
  const set = (text) => {
    if (given) given.value = text;
    else thing.attributes.push({ spec_id: spec.id, value: text });
    changed(thing);
  };
  const options = { "aria-label": spec.name };
  if (spec.input_type === "checkbox") {
    return element("input", { ...options, type: "checkbox", checked: value.toLowerCase() === "true",
      onchange: (event) => set(String(event.target.checked)) });
  }
  if (spec.input_type === "select" || spec.input_type === "radio") {
    const values = spec.values.includes(value) ? spec.values : [value, ...spec.values];
    return element("select", { ...options, onchange: (event) => set(event.target.value) },
      ...values.map((text) => element("option", { selected: text === value }, text)));
  }
  const type = spec.input_type === "number" ? "number" : "text";
  return element("input", { ...options, type, value, onchange: (event) => set(event.target.value) });
}

function renderDetails() {
  const thing = state.picked;
  $("details").hidden = !thing;
  if (!thing) return;
  $("details-title").textContent = describe(thing);
  $("delete").hidden = Boolean(thing.fixed);
  if (thing.fixed) {
    $("fields").replaceChildren(element("div", { class: "soft" }, "Tracks are shown, but not edited here."));
    return;
  }
  const label = state.labels.get(thing.label_id);
  const labels = [...state.labels.values()].filter((entry) => !entry.has_parent);
  const choice = element("select", { "aria-label": "Label", id: "label", onchange: (event) => relabel(thing, Number(event.target.value)) },
    ...labels.map((entry) => element("option", { value: entry.id, selected: entry.id === thing.label_id }, entry.name)));
  const rows = [field("label", choice), ...label.attributes.map((spec) => field(spec.name, attributeControl(thing, spec)))];
  if (thing.type) {
    rows.push(field("occluded", element("input", { type: "checkbox", "aria-label": "occluded", checked: thing.occluded,
      onchange: (event) => { thing.occluded = event.target.checked; changed(thing); } })));
  }
  rows.push(field("source", element("span", { class: "soft" }, thing.source)));
  $("fields").replaceChildren(...rows);
}

function pending() {
  const things = [...state.shapes, ...state.tags];
  return things.filter((thing) => !thing.id || thing.touched).length
    + state.removed.shapes.length + state.removed.tags.length + (state.framesChanged ? 1 : 0);
}

function renderStatus(text, bad = false) {
  const count = pending();
  $("save").disabled = count === 0;
  $("status").classList.toggle("bad", bad);
  $("status").textContent = text ?? (count ? `${count} unsaved` : state.done ? "Saved" : "");
}

/* ---- the editor: changing ------------------------------------------------------------------------- */

function pick(thing) {
  state.picked = thing;
  render();
}

function changed(thing, geometry = false) {
  thing.touched = true;
  if (geometry) thing.source = { auto: "semi-auto", file: "manual" }[thing.source] ?? thing.source;
  render();
}

const defaults = (labelId) => state.labels.get(labelId).attributes
  .map((spec) => ({ spec_id: spec.id, value: spec.default_value }));

function relabel(thing, labelId) {
  thing.label_id = labelId;
  thing.attributes = defaults(labelId);
  changed(thing);
}

function removePicked() {
  const thing = state.picked;
  if (!thing || thing.fixed) return;
  const kind = thing.type ? "shapes" : "tags";
  state[kind] = state[kind].filter((other) => other !== thing);
  if (thing.id) state.removed[kind].push(thing);
  pick(null);
}

function place(event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform($("canvas").getScreenCTM().inverse());
  return [point.x, point.y];
}

function startMove(event, shape) {
  if (state.drawing || event.button !== 0) return;
  event.stopPropagation();
  let last = place(event);
  pick(shape);
  follow(event, (x, y) => {
    shift(shape, x - last[0], y - last[1]);
    last = [x, y];
  }, shape);
}

function startPull(event, shape, handle) {
  if (event.button !== 0) return;
  event.stopPropagation();
  state.picked = shape;
  follow(event, (x, y) => handle.pull(x, y), shape);
}

/* Call `move` with each new place of the pointer until it is let go. */
function follow(event, move, shape) {
  const start = [event.clientX, event.clientY];
  let moved = false;
  const onMove = (next) => {
    moved = moved || Math.hypot(next.clientX - start[0], next.clientY - start[1]) > 2;
    if (!moved) return;
    move(...place(next));
    renderCanvas(frameInfo(state.frame));
  };
  const onUp = () => {
    window.removeEventListener("pointermove", onMove);
    window.removeEventListener("pointerup", onUp);
    if (shape.type === "rectangle") shape.points = box(shape.points);
    if (moved) changed(shape, true);
    else render();
  };
  window.addEventListener("pointermove", onMove);
  window.addEventListener("pointerup", onUp);
}

function startDraw(event) {
  if (!state.drawing) return pick(null);
  const [x, y] = place(event);
  const labelId = Number($("new-label").value);
  const shape = {
    type: "rectangle", occluded: false, outside: false, z_order: 0, rotation: 0, points: [x, y, x, y], attributes: defaults(labelId),
    elements: [], frame: state.frame, label_id: labelId, group: 0, source: "manual",
  };
  state.shapes.push(shape);
  state.drawing = false;
  state.picked = shape;
  follow(event, (nx, ny) => { shape.points[2] = nx; shape.points[3] = ny; }, shape);
  window.addEventListener("pointerup", () => {
    const [x1, y1, x2, y2] = shape.points;
    if (x2 - x1 < 1 || y2 - y1 < 1) { // a click, not a box
      state.shapes = state.shapes.filter((other) => other !== shape);
      pick(null);
    }
  }, { once: true });
  return undefined;
}

function toggleFrame() {
  if (!state.deletedFrames.delete(state.frame)) state.deletedFrames.add(state.frame);
  state.framesChanged = true;
  render();
}

/* ---- the editor: saving --------------------------------------------------------------------------- */

function bare(thing) {
  const { touched, fixed, ...rest } = thing;
  return rest;
}

async function write(action, shapes, tags) {
  if (!shapes.length && !tags.length) return;
  const data = { shapes: shapes.map(bare), tracks: [], tags: tags.map(bare), version: 0 };
  const written = await api("PATCH", `jobs/${state.job.id}/annotations?org=&action=${action}`, data);
  if (action === "create") {
    shapes.forEach((shape, index) => { Object.assign(shape, { id: written.shapes[index].id, elements: written.shapes[index].elements }); });
    tags.forEach((tag, index) => { tag.id = written.tags[index].id; });
  }
  for (const thing of [...shapes, ...tags]) thing.touched = false;
}

async function save() {
  if (!pending()) return;
  $("save").disabled = true;
  renderStatus("Saving");
  const job = state.job.id;
  const split = (test) => [state.shapes.filter(test), state.tags.filter(test)];
  try {
    await api("PATCH", `jobs/${job}/data/meta?org=`, { deleted_frames: [...state.deletedFrames].sort((a, b) => a - b), cloud_storage_id: null });
    state.framesChanged = false;
    await write("update", ...split((thing) => thing.id && thing.touched));
    await write("delete", state.removed.shapes, state.removed.tags);
    state.removed = { shapes: [], tags: [] };
    await write("create", ...split((thing) => !thing.id));
    if (!state.saved) await api("PATCH", `jobs/${job}`, { state: "in progress" });
    state.saved = state.done = true;
    render();
  } catch (error) {
    renderStatus(`Not saved: ${error.message}`, true);
    $("save").disabled = false;
  }
}

/* ---- start ---------------------------------------------------------------------------------------- */

function onKey(event) {
  if (event.ctrlKey && event.key === "s") {
    event.preventDefault();
    save();
  } else if (!event.ctrlKey && !event.target.closest("input, select")) {
    const keys = {
      n: () => toggleDrawing(), d: () => showFrame(state.frame - 1), f: () => showFrame(state.frame + 1),
      Delete: removePicked, Escape: () => { state.drawing = false; pick(null); },
    };
    keys[event.key]?.();
  }
}

function toggleDrawing() {
  state.drawing = !state.drawing;
  pick(null);
}

function listen() {
  $("canvas").addEventListener("pointerdown", startDraw);
  $("previous").addEventListener("click", () => showFrame(state.frame - 1));
  $("next").addEventListener("click", () => showFrame(state.frame + 1));
  $("frame").addEventListener("change", (event) => showFrame(Number(event.target.value)));
  $("remove-frame").addEventListener("click", toggleFrame);
  $("draw").addEventListener("click", toggleDrawing);
  $("delete").addEventListener("click", removePicked);
  $("save").addEventListener("click", save);
  window.addEventListener("keydown", onKey);
  window.addEventListener("resize", () => render());
  window.addEventListener("beforeunload", (event) => { if (pending()) event.preventDefault(); });
}

/* Nobody is logged in: ask for name and password, and go on. */
function showLogin() {
  const name = element("input", { type: "text", name: "username", autocomplete: "username", "aria-label": "User name" });
  const password = element("input", { type: "password", name: "password", autocomplete: "current-password", "aria-label": "Password" });
  const said = element("div", { id: "refused", role: "alert" });
  const form = element("form", { id: "login", onsubmit: async (event) => {
    event.preventDefault();
    try {
      await api("POST", "auth/login", { username: name.value, password: password.value });
      location.reload();
    } catch {
      said.textContent = "The server did not accept this name and password.";
    }
  } }, field("user name", name), field("password", password), element("button", { class: "primary" }, "Log in"), said);
  showList("Log in", "Or open the link that the sandbox printed when it started.", form);
  name.focus();
}

async function start() {
  if (!(await fetch("/api/users/self")).ok) return showLogin();
  const [, task, job] = location.pathname.match(/^\/tasks\/(\d+)(?:\/jobs\/(\d+))?/) ?? [];
  try {
    if (job) {
      await openJob(task, job);
      listen();
    } else await (task ? showJobs(task) : showTasks());
  } catch (error) {
    return showList("Not here", `The server said: ${error.message}`, element("p", {}, element("a", { href: "/" }, "All tasks")));
  }
  return undefined;
}

start();
