// A dashboard's JSON drawn with the components that Grafana's panels are made of.
import "@fontsource/inter/latin-400.css";
import "@fontsource/inter/latin-500.css";
import {
  FieldConfigOptionsRegistry, ReducerID, ThemeContext, applyFieldOverrides, createTheme, dateTime, getFieldDisplayValues,
  standardTransformers, standardTransformersRegistry, transformDataFrame,
} from "@grafana/data";
import { BigValue, GlobalStyles, PanelChrome, Table, TimeSeries } from "@grafana/ui";
import { initPluginTranslations } from "@grafana/i18n";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import { lastValueFrom } from "rxjs";
import { allJobs, frames } from "./frames.js";

// Grafana's grid, in pixels.
const COLUMNS = 24, ROW = 30, GAP = 8, WIDTH = 1600, HEAD = 48;
const ZONE = "utc";

const theme = createTheme({ colors: { mode: "dark" } });
const asIs = (value) => value;

function place({ x, y, w, h }) {
  const column = (WIDTH - GAP) / COLUMNS;
  return { left: GAP + x * column, top: HEAD + y * (ROW + GAP), width: w * column - GAP, height: h * ROW + (h - 1) * GAP };
}

const organize = standardTransformers.organizeFieldsTransformer;
standardTransformersRegistry.setInit(() => [{ ...organize, transformation: organize }]);

async function ready(panel, answered) {
  const found = await lastValueFrom(transformDataFrame(panel.transformations ?? [], answered, { interpolate: asIs }));
  const fieldConfig = { defaults: {}, overrides: [] };
  const fieldConfigRegistry = new FieldConfigOptionsRegistry();
  return applyFieldOverrides({ data: found, fieldConfig, fieldConfigRegistry, replaceVariables: asIs, theme, timeZone: ZONE });
}

function Stat({ data, width, height }) {
  const [value] = getFieldDisplayValues({
    data, theme, fieldConfig: { defaults: {}, overrides: [] }, reduceOptions: { calcs: [ReducerID.lastNotNull] },
    replaceVariables: asIs, sparkline: true, timeZone: ZONE,
  });
  const shown = { ...value.display, title: "", color: theme.visualization.getColorByName("green") };
  return (
    <BigValue width={width} height={height} theme={theme} value={shown} sparkline={value.sparkline} colorMode="value"
      graphMode="area" justifyMode="auto" />
  );
}

function Lines({ data, width, height, time }) {
  const range = { from: dateTime(time.from * 1000), to: dateTime(time.to * 1000) };
  const legend = { showLegend: true, displayMode: "list", placement: "bottom", calcs: [] };
  return (
    <TimeSeries frames={data} width={width} height={height} timeRange={{ ...range, raw: range }} timeZone={ZONE}
      legend={legend} structureRev={1} />
  );
}

const KINDS = {
  timeseries: Lines,
  stat: Stat,
  table: ({ data, width, height }) => <Table data={data[0]} width={width} height={height} />,
};

function Panel({ panel, found, time }) {
  const box = place(panel.gridPos);
  const Kind = KINDS[panel.type];
  return (
    <div style={{ position: "absolute", ...box }}>
      <PanelChrome title={panel.title} description={panel.description} width={box.width} height={box.height}>
        {(width, height) => <Kind data={found} width={width} height={height} time={time} />}
      </PanelChrome>
    </div>
  );
}

function Row({ panel }) {
  return <div style={{ position: "absolute", ...place(panel.gridPos), ...theme.typography.h6 }}>{panel.title}</div>;
}

function Dashboard({ dashboard, drawn, time }) {
  useEffect(() => void requestAnimationFrame(() => setTimeout(() => { window.drawn = true; }, 500)), []);
  const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19);
  const rows = dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h);
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ position: "relative", width: WIDTH, height: HEAD + Math.max(...rows) * (ROW + GAP) + GAP }}>
        <div style={{ position: "absolute", left: GAP, top: GAP, right: GAP, display: "flex", justifyContent: "space-between" }}>
          <span style={theme.typography.h4}>{dashboard.title}</span>
          <span style={{ color: theme.colors.text.secondary }}>{clock(time.from)} to {clock(time.to)} UTC</span>
        </div>
        {dashboard.panels.map((panel) =>
          panel.type === "row" ? (
            <Row key={panel.id} panel={panel} />
          ) : (
            <Panel key={panel.id} panel={panel} found={drawn.get(panel.id)} time={time} />
          ),
        )}
      </div>
    </ThemeContext.Provider>
  );
}

/** Draws it; what it resolves to: by panel, the expressions without a value. */
window.draw = async (dashboard, given) => {
  const time = { ...given, jobs: await allJobs(dashboard, given) };
  await initPluginTranslations("itemstream");
  const drawn = new Map();
  const empty = {};
  for (const panel of dashboard.panels.filter(({ type }) => type !== "row")) {
    const answer = await frames(panel, time);
    drawn.set(panel.id, await ready(panel, answer.frames));
    if (answer.empty.length) empty[panel.title] = answer.empty;
  }
  createRoot(document.getElementById("dashboard")).render(<Dashboard dashboard={dashboard} drawn={drawn} time={time} />);
  return empty;
};
