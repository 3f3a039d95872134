/* The editor of one job: opening it, its buttons and keys. */

import { $, api, element, everything } from "./api.js";
import { renderCanvas, startDraw, toggleDrawing } from "./canvas.js";
import { goTo, play, showFrame, step, toggleFrame } from "./frames.js";
import { renderDetails, renderObjects } from "./panel.js";
import { renderStatus, save } from "./saving.js";
import { frameInfo, onChange, pending, pick, refresh, remove, state } from "./state.js";

export async function openJob(taskId, jobId) {
  const [job, meta, labels, annotations] = await Promise.all([
    api("GET", `jobs/${jobId}`), api("GET", `jobs/${jobId}/data/meta`),
    everything(`labels?job_id=${jobId}`), api("GET", `jobs/${jobId}/annotations`),
  ]);
  const { shapes, tags, tracks } = annotations;
  Object.assign(state, { job, meta, shapes, tags, tracks, deletedFrames: new Set(meta.deleted_frames), begun: job.state !== "new" });
  for (const label of labels) for (const part of [label, ...label.sublabels]) state.labels.set(part.id, part);
  $("crumbs").append(
    element("a", { href: "/" }, "Tasks"), " / ", element("a", { href: `/tasks/${taskId}` }, `Task #${taskId}`), " / ",
    element("b", {}, `Job #${jobId}`), element("span", { class: "soft", id: "frame-name" }));
  document.title = `Job #${jobId}: sandbox, not CVAT`;
  for (const label of labels) $("new-label").append(element("option", { value: label.id }, label.name));
  $("new-kind").value = job.mode === "interpolation" ? "track" : "shape";
  for (const id of ["slider", "frame"]) Object.assign($(id), { min: job.start_frame, max: job.stop_frame });
  $("editor").hidden = $("tools").hidden = false;
  onChange(render);
  listen();
  await showFrame(Number(new URLSearchParams(location.search).get("frame") ?? job.start_frame));
}

function render() {
  const { job, frame } = state;
  $("frame-name").textContent = `  ${frameInfo(frame).name}`;
  $("frame").value = $("slider").value = frame;
  $("previous").disabled = frame <= job.start_frame;
  $("next").disabled = frame >= job.stop_frame;
  $("play").textContent = state.playing ? "❚❚" : "▶";
  $("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
  const gone = state.deletedFrames.has(frame);
  $("gone").hidden = !gone;
  $("remove-frame").textContent = gone ? "Restore frame" : "Delete frame";
  $("draw").classList.toggle("on", state.drawing);
  renderCanvas();
  renderObjects();
  renderDetails();
  renderStatus();
}

function onKey(event) {
  if (event.ctrlKey && event.key === "s") {
    event.preventDefault();
    save();
  } else if (!event.ctrlKey && !event.target.closest("input:not([type=range]), select")) {
    const keys = {
      n: toggleDrawing, d: () => step(-1), f: () => step(1), " ": play,
      Delete: () => state.picked && remove(state.picked), Escape: () => { state.drawing = false; pick(null); },
    };
    if (event.key === " ") event.preventDefault();
    keys[event.key]?.();
  }
}

function listen() {
  $("canvas").addEventListener("pointerdown", startDraw);
  for (const [id, act] of [["previous", () => step(-1)], ["next", () => step(1)], ["play", play],
    ["remove-frame", toggleFrame], ["draw", toggleDrawing], ["delete", () => remove(state.picked)], ["save", save]]) {
    $(id).addEventListener("click", act);
  }
  $("frame").addEventListener("change", (event) => goTo(Number(event.target.value)));
  $("slider").addEventListener("input", (event) => goTo(Number(event.target.value)));
  window.addEventListener("keydown", onKey);
  window.addEventListener("resize", refresh);
  window.addEventListener("beforeunload", (event) => { if (pending()) event.preventDefault(); });
}
