/* Frames: their pictures, stepping and playing through them. */

import { $ } from "./api.js";
import { frameInfo, refresh, state } from "./state.js";

const FORMATS = /\.(png|jpe?g|gif|webp|bmp|avif)$/i;
const KEPT = 60;
const AHEAD = 6;
const RATE = 12; // frames a second at most
const pictures = new Map();

/* The address of a frame's picture, once it can be shown without a wait. */
function picture(frame) {
  if (!pictures.has(frame)) {
    pictures.set(frame, fetchPicture(frame));
    for (const [old, address] of pictures) {
      if (pictures.size <= KEPT) break;
      pictures.delete(old);
      address.then((text) => text && URL.revokeObjectURL(text));
    }
  }
  return pictures.get(frame);
}

async function fetchPicture(frame) {
  const quality = FORMATS.test(frameInfo(frame).name) ? "original" : "compressed";
  const reply = await fetch(`/api/jobs/${state.job.id}/data?type=frame&number=${frame}&quality=${quality}`);
  if (!reply.ok) return "";
  const image = new Image();
  image.src = URL.createObjectURL(await reply.blob());
  await image.decode().catch(() => {});
  return image.src;
}

const clamp = (frame) => Math.min(Math.max(frame, state.job.start_frame), state.job.stop_frame);

/* Go to a frame; what is picked stays picked if it is a track. */
export async function showFrame(frame) {
  const wanted = state.wanted = clamp(frame);
  const address = await picture(wanted);
  if (state.wanted !== wanted) return; // somebody went on meanwhile
  state.frame = wanted;
  if (state.picked && !state.picked.shapes) state.picked = null;
  $("picture").setAttribute("href", address);
  refresh();
  for (let next = wanted + 1; next <= Math.min(wanted + AHEAD, state.job.stop_frame); next += 1) picture(next);
}

/* A person goes to a frame, which ends playing. */
export function goTo(frame) {
  state.playing = false;
  return showFrame(frame);
}

export const step = (by) => goTo((state.wanted ?? state.frame) + by);

export async function play() {
  if (state.playing) {
    state.playing = false;
    return refresh();
  }
  state.playing = true;
  if (state.frame === state.job.stop_frame) await showFrame(state.job.start_frame);
  while (state.playing && state.frame < state.job.stop_frame) {
    const pause = new Promise((done) => { setTimeout(done, 1000 / RATE); });
    await showFrame(state.frame + 1);
    await pause;
  }
  state.playing = false;
  return refresh();
}

export function toggleFrame() {
  if (!state.deletedFrames.delete(state.frame)) state.deletedFrames.add(state.frame);
  state.framesChanged = true;
  refresh();
}
