/* The sandbox's pages: a list of tasks, the jobs of one, and an editor for the shapes and tracks of a job. */

import { element } from "./api.js";
import { openJob } from "./editor.js";
import { showJobs, showList, showLogin, showTasks } from "./lists.js";

async function start() {
  const [, task, job] = location.pathname.match(/^\/tasks\/(\d+)(?:\/jobs\/(\d+))?/) ?? [];
  try {
    if (!(await fetch("/api/users/self")).ok) showLogin();
    else if (job) await openJob(task, job);
    else await (task ? showJobs(task) : showTasks());
  } catch (error) {
    showList("Not here", `The server said: ${error.message}`, element("p", {}, element("a", { href: "/" }, "All tasks")));
  }
}

start();
