/* Saving follows what CVAT's own editor sends: deleted frames first, then one request each for changed, deleted
   and new objects, and the state "in progress" with the first save. */

import { $, api } from "./api.js";
import { pending, refresh, state } from "./state.js";

const KINDS = ["shapes", "tags", "tracks"];

export function renderStatus(text, bad = false) {
  const count = pending();
  $("save").disabled = count === 0;
  $("status").classList.toggle("bad", bad);
  $("status").textContent = text ?? (count ? `${count} unsaved` : state.saved ? "Saved" : "");
}

function bare(thing) {
  const { touched, ...rest } = thing;
  return rest;
}

/* Take over the ids that new objects, keyframes and elements got, in the order of the request. */
function takeIds(things, written) {
  things.forEach((thing, index) => {
    thing.id = written[index].id;
    for (const parts of ["shapes", "elements"]) if (thing[parts]) takeIds(thing[parts], written[index][parts] ?? []);
  });
}

async function write(action, things) {
  if (!KINDS.some((kind) => things[kind].length)) return;
  const data = { version: 0 };
  for (const kind of KINDS) data[kind] = things[kind].map(bare);
  const written = await api("PATCH", `jobs/${state.job.id}/annotations?org=&action=${action}`, data);
  if (action === "delete") return;
  for (const kind of KINDS) {
    takeIds(things[kind], written[kind]);
    for (const thing of things[kind]) thing.touched = false;
  }
}

export async function save() {
  if (!pending()) return;
  $("save").disabled = true;
  renderStatus("Saving");
  const job = state.job.id;
  const those = (test) => Object.fromEntries(KINDS.map((kind) => [kind, state[kind].filter(test)]));
  try {
    await api("PATCH", `jobs/${job}/data/meta?org=`, { deleted_frames: [...state.deletedFrames].sort((a, b) => a - b), cloud_storage_id: null });
    state.framesChanged = false;
    await write("update", those((thing) => thing.id && thing.touched));
    await write("delete", state.removed);
    state.removed = { shapes: [], tags: [], tracks: [] };
    await write("create", those((thing) => !thing.id));
    if (!state.begun) await api("PATCH", `jobs/${job}`, { state: "in progress" });
    state.begun = state.saved = true;
    refresh();
  } catch (error) {
    renderStatus(`Not saved: ${error.message}`, true);
    $("save").disabled = false;
  }
}
