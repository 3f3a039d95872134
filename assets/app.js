/**
 * What only the browser can do: make the App forget labels that it has shown.
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
})();
