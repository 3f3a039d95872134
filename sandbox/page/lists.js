/* Pages without a picture: the tasks, the jobs of one, and the login. */

import { $, api, element, everything, field } from "./api.js";

function table(head, rows) {
  const cells = (tag, values) => values.map((value) => element(tag, {}, ...[value].flat()));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...cells("th", head))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells("td", row)))));
}

export function showList(title, sentence, content) {
  document.title = `${title}: sandbox, not CVAT`;
  $("list").replaceChildren(element("h1", {}, title), element("div", { class: "soft" }, sentence), content);
  $("list").hidden = false;
}

export async function showTasks() {
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

export async function showJobs(id) {
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

/* Ask for name and password, and go on. */
export function showLogin() {
  const name = element("input", { type: "text", autocomplete: "username", "aria-label": "User name" });
  const password = element("input", { type: "password", autocomplete: "current-password", "aria-label": "Password" });
  const said = element("div", { id: "refused", role: "alert" });
  const logIn = async (event) => {
    event.preventDefault();
    try {
      await api("POST", "auth/login", { username: name.value, password: password.value });
      location.reload();
    } catch {
      said.textContent = "The server did not accept this name and password.";
    }
  };
  const form = element("form", { id: "login", onsubmit: logIn },
    field("user name", name), field("password", password), element("button", { class: "primary" }, "Log in"), said);
  showList("Log in", "Or open the link that the sandbox printed when it started.", form);
  name.focus();
}
