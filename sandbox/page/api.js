/* The server's API, and how elements of a page are made. */

export const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

export async function api(method, path, body) {
  const token = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  const headers = { "X-CSRFToken": token ? token.slice(10) : "" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const reply = await fetch(`/api/${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${reply.status} ${text.startsWith("{") || text.startsWith("[") ? text : reply.statusText}`);
  return text ? JSON.parse(text) : null;
}

export const everything = async (path) => (await api("GET", `${path}${path.includes("?") ? "&" : "?"}page_size=all`)).results;

export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/* An element of a drawing. */
export function drawn(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

/* A control with its name before it. */
export function field(name, control) {
  return element("div", { class: "row" }, element("label", { title: name }, name), control);
}
