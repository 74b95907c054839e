// What Prometheus answers to a panel's targets, as Grafana's data frames.
import { FieldType, createDataFrame } from "@grafana/data";

const AUTO = "__auto";

// With the dashboard's variable, and Grafana's own interval: four scrapes at least.
function filled(expression, { scrape, step, jobs }) {
  const interval = `${Math.max(step + scrape, 4 * scrape)}s`;
  return expression.replaceAll("$job", jobs).replaceAll("$__rate_interval", interval);
}

/** What the variable `job` is when all of it is chosen. */
export async function allJobs(dashboard, { url, from, to }) {
  const { definition } = dashboard.templating.list.find(({ name }) => name === "job");
  const [, metric, label] = definition.match(/^label_values\((\w+), (\w+)\)$/);
  const asked = new URLSearchParams({ "match[]": metric, start: from, end: to });
  const told = await (await fetch(`${url}/api/v1/label/${label}/values?${asked}`)).json();
  return `(${told.data.join("|")})`;
}

async function ask(time, path, parameters) {
  const answer = await fetch(`${time.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const told = await answer.json();
  if (told.status !== "success") throw new Error(told.error);
  return told.data.result;
}

// As the Prometheus data source names a series; undefined leaves it to the frame's labels.
function seriesName(target, labels) {
  if (target.legendFormat !== AUTO) {
    return target.legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? "");
  }
  return Object.keys(labels).length ? undefined : target.expr;
}

function config(panel, name) {
  const { defaults } = panel.fieldConfig;
  const lines = {
    drawStyle: "line", lineInterpolation: "linear", lineWidth: 1, pointSize: 5, showPoints: "never", spanNulls: false,
    gradientMode: "none", axisPlacement: "auto", scaleDistribution: { type: "linear" }, axisLabel: "", barAlignment: 0,
    stacking: { mode: "none", group: "A" },
  };
  const custom = { ...lines, ...defaults.custom, stacking: { ...lines.stacking, ...defaults.custom?.stacking } };
  return { ...defaults, custom, color: { mode: "palette-classic" }, displayNameFromDS: name };
}

async function overTime(panel, target, time) {
  const series = await ask(time, "query_range", {
    query: filled(target.expr, time), start: time.from, end: time.to, step: time.step,
  });
  const count = Math.floor((time.to - time.from) / time.step) + 1;
  return series.map(({ metric, values }) => {
    const known = new Map(values.map(([at, value]) => [Math.round((at - time.from) / time.step), Number(value)]));
    const { __name__, ...labels } = metric;
    return createDataFrame({
      refId: target.refId,
      fields: [
        { name: "Time", type: FieldType.time, config: {}, values: times(time, count) },
        {
          name: "Value", type: FieldType.number, labels, config: config(panel, seriesName(target, labels)),
          values: Array.from({ length: count }, (_, index) => number(known.get(index))),
        },
      ],
    });
  });
}

function times(time, count) {
  return Array.from({ length: count }, (_, index) => (time.from + index * time.step) * 1000);
}

function number(value) {
  return value === undefined || Number.isNaN(value) ? null : value;
}

async function atOnce(panel, target, time) {
  const series = await ask(time, "query", { query: filled(target.expr, time), time: time.to });
  const labels = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))];
  return [
    createDataFrame({
      refId: target.refId,
      fields: [
        { name: "Time", type: FieldType.time, config: {}, values: series.map(({ value }) => value[0] * 1000) },
        ...labels.map((label) => ({
          name: label, type: FieldType.string, config: {}, values: series.map(({ metric }) => metric[label] ?? ""),
        })),
        {
          name: "Value", type: FieldType.number, config: { unit: panel.fieldConfig.defaults.unit },
          values: series.map(({ value }) => Number(value[1])),
        },
      ],
    }),
  ];
}

/** The frames of a panel; `empty`: the expressions that have no value in the whole time. */
export async function frames(panel, time) {
  const answers = await Promise.all(
    panel.targets.map((target) => (target.instant ? atOnce : overTime)(panel, target, time)),
  );
  const valued = (frame) => frame.fields.at(-1).values.some((value) => value !== null);
  const empty = panel.targets.filter((_, index) => !answers[index].some(valued)).map((target) => target.expr);
  return { frames: answers.flat(), empty };
}
