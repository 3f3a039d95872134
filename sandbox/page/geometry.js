/* Points of shapes: boxes around them, outlines, and what can be pulled. */

export const pairs = (points) => Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]]);

/* Left, top, right and bottom of points. */
export function box(points) {
  const list = pairs(points);
  const xs = list.map((pair) => pair[0]);
  const ys = list.map((pair) => pair[1]);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/* The outline of a mask: its run lengths as a path. */
export function maskPath(points) {
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

/* The points that can be pulled: where they are, and what pulling one to (x, y) does. */
export function handles(shape) {
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
  if (shape.type === "skeleton") {
    return shape.elements.filter((part) => !part.outside).flatMap((part) => handles({ ...part, type: "points" }));
  }
  if (!["polygon", "polyline", "points"].includes(shape.type)) return [];
  return pairs(points).map(([x, y], i) => ({ x, y, pull: (nx, ny) => { points[2 * i] = nx; points[2 * i + 1] = ny; } }));
}

/* Move a shape with its elements; masks stay. */
export function shift(shape, dx, dy) {
  if (shape.type === "mask") return;
  for (const part of [shape, ...(shape.elements ?? [])]) {
    part.points = part.points.map((value, i) => value + (i % 2 ? dy : dx));
  }
}
