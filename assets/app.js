/**
 * What only the browser can do: make the App forget labels that it has shown, and ask which buttons it has; and keys of
 * the page of conflicts.
 *
 * The App keeps the answer about each sample that was opened, as long as the page is open. So after a load, an undo or a
 * decision the sample view would still show the old labels. This asks for these samples again.
 */
(() => {
  const app = window.__fos__;
  const { Operator, OperatorConfig, registerOperator } = window.__foo__;
  const OF_ONE_SAMPLE = new Set(["mainSampleQuery", "paginateSamplesQuery"]);

  /** The questions about opened samples whose answers are kept; of the same sample only the last, which is of this view. */
  function keptQuestions(environment) {
    const found = new Map();
    for (const { operation } of environment.getStore()._roots?.values() ?? []) {
      const { node, variables } = operation.request;
      if (OF_ONE_SAMPLE.has(node.params.name)) {
        const about = JSON.stringify([node.params.name, variables.dataset, variables.filter]);
        found.delete(about);
        found.set(about, operation);
      }
    }
    return [...found.values()];
  }

  /** Asks again; whoever shows the answer is told by the store. A question that fails leaves the answer as it was. */
  const ask = (environment, operation) =>
    new Promise((resolve) => environment.execute({ operation }).subscribe({ complete: resolve, error: resolve }));

  class ReloadOpenedSamples extends Operator {
    get config() {
      return new OperatorConfig({
        name: "reload_opened_samples",
        label: "Reload the samples that were opened",
        unlisted: true,
      });
    }

    async execute() {
      const environment = app.getCurrentEnvironment();
      for (const operation of keptQuestions(environment)) {
        await ask(environment, operation);
      }
    }
  }

  registerOperator(ReloadOpenedSamples, "@roundtrip/cvat");

  const OF_THE_BUTTONS = "operatorThrottledContext"; // of what the App shows, as it was when it asked for the buttons

  /**
   * Makes the App ask which buttons the grid has. By itself it does so when what it shows changes, but not when a run
   * was sent. An App that keeps this otherwise asks with the next click.
   */
  class AskForButtons extends Operator {
    get config() {
      return new OperatorConfig({
        name: "ask_for_buttons",
        label: "Ask which buttons there are",
        unlisted: true,
      });
    }

    async execute({ state }) {
      for (const node of state?.snapshot?.getNodes_UNSTABLE?.() ?? []) {
        if (node.key === OF_THE_BUTTONS) {
          state.set(node, (shown) => ({ ...shown, askedAt: Date.now() }));
        }
      }
    }
  }

  registerOperator(AskForButtons, "@roundtrip/cvat");

  /** Of the page of conflicts: what a key stands for. */
  const BUTTONS = {
    n: "Next",
    arrowright: "Next",
    b: "Back",
    arrowleft: "Back",
    c: "Take CVAT's",
    m: "Keep mine",
    o: "Open sample",
  };
  const TYPING = "input, textarea, select, [contenteditable=true], [role=dialog], [role=listbox], [data-cy=modal]";

  const CLICKS = "data-roundtrip-clicks"; // how many clicks what is drawn is of
  const PATIENCE = 60_000; // milliseconds until the next key is pressed although the one before has no answer yet

  const thePanel = () => document.querySelector("[data-cy=panel-content-cvat]");
  const clicks = () => thePanel()?.querySelector(`[${CLICKS}]`)?.getAttribute(CLICKS);

  /** The button of the page of conflicts with these words; nothing if another page is open. */
  function find(words) {
    const buttons = [...(thePanel()?.querySelectorAll("button") ?? [])];
    const ends = (end) => buttons.find((button) => button.textContent.trim().endsWith(end)); // its icon is text, too
    return ends("Keep mine") && ends(words);
  }

  /** Waits until something newer is drawn. */
  async function drawn(before) {
    const ends = Date.now() + PATIENCE;
    while (clicks() === before && Date.now() < ends) {
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  const waiting = [];
  let isPressing = false;

  /** Presses the buttons of the keys, each once what came of the one before is drawn: so each is about what it shows. */
  async function pressAll() {
    if (isPressing) return;
    isPressing = true;
    while (waiting.length) {
      const before = clicks();
      const button = find(waiting.shift());
      if (button) {
        button.click();
        await drawn(before);
      }
    }
    isPressing = false;
  }

  /**
   * Takes a key, if the page of conflicts is open and the person does not type elsewhere. A key that is held down counts
   * once: what it would decide about next, nobody has seen.
   */
  function pressed(event) {
    const label = BUTTONS[event.key?.toLowerCase()];
    const elsewhere = event.target.closest?.(TYPING) || document.querySelector("[data-cy=modal-looker-container]");
    if (!label || elsewhere || event.repeat || event.ctrlKey || event.metaKey || event.altKey || !find(label)) return;
    event.preventDefault();
    event.stopPropagation();
    waiting.push(label);
    pressAll();
  }

  document.addEventListener("keydown", pressed, true);
})();
