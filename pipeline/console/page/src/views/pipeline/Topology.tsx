import { Table } from "@mantine/core";
import type { PipelineEdge, PipelineNode } from "../../api/types";
import { Wide } from "../../parts/Wide";
import { rate } from "./figures";
import { BOX, type Box, curve, layout } from "./layout";
import styles from "./topology.module.css";

interface Props {
  nodes: readonly PipelineNode[];
  edges: readonly PipelineEdge[];
  /** Records that are still to be read, by the id of who reads them. */
  lag: ReadonlyMap<string, number>;
}

/** The pipeline as it is deployed, drawn from what the API tells of it: left to right, lines that move where records do. */
export function Topology({ nodes, edges, lag }: Props) {
  const plan = layout(nodes, edges);
  return (
    <Wide label="Topology, drawn">
      <svg
        role="img"
        aria-label={`${nodes.length} topics, workers and groups; their rates are in the table of connections`}
        viewBox={`0 0 ${plan.width} ${plan.height}`}
        width={plan.width}
        height={plan.height}
      >
        {edges.map((edge) => {
          const [from, to] = [plan.boxes.get(edge.from), plan.boxes.get(edge.to)];
          if (!from || !to) return null;
          return <Line key={`${edge.from} ${edge.to}`} path={curve(from, to)} rate={edge.rate} />;
        })}
        {nodes.map((node) => {
          const box = plan.boxes.get(node.id);
          return box && <NodeBox key={node.id} node={node} box={box} lag={lag.get(node.id)} />;
        })}
      </svg>
    </Wide>
  );
}

function Line({ path, rate: perSecond }: { path: string; rate: number | null }) {
  const thick = 1.5 + Math.min(Math.log10(1 + (perSecond ?? 0)), 4);
  return (
    <>
      <path d={path} className={styles.edge} />
      {perSecond !== null && perSecond > 0 && (
        <path d={path} className={styles.flowing} strokeWidth={thick} />
      )}
    </>
  );
}

const KINDS: Record<PipelineNode["kind"], string | undefined> = {
  topic: undefined,
  worker: styles.worker,
  group: styles.group,
};

function NodeBox({ node, box, lag }: { node: PipelineNode; box: Box; lag: number | undefined }) {
  const figures = [rate(node.rate)];
  if (node.records !== null) figures.push(`${node.records.toLocaleString("en")} records`);
  if (lag !== undefined) figures.push(`lag ${lag.toLocaleString("en")}`);
  return (
    <g transform={`translate(${box.x},${box.y})`}>
      <title>{node.title}</title>
      <rect
        width={BOX.width}
        height={BOX.height}
        rx={node.kind === "topic" ? 6 : BOX.height / 2}
        className={[styles.box, KINDS[node.kind]].filter(Boolean).join(" ")}
      />
      <text x={14} y={18} className={styles.title}>
        {shortened(node.title)}
      </text>
      <text x={14} y={35} className={styles.figure}>
        {figures.join(" · ")}
      </text>
    </g>
  );
}

/** Names that are too long lose their beginning: their ends tell them apart. */
function shortened(name: string, most = 29): string {
  return name.length <= most ? name : `…${name.slice(1 - most)}`;
}

/** The same as text. */
export function Connections({ nodes, edges }: Pick<Props, "nodes" | "edges">) {
  const titles = new Map(nodes.map((node) => [node.id, node.title]));
  return (
    <Wide label="Connections">
      <Table>
        <Table.Caption>Connections</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">From</Table.Th>
            <Table.Th scope="col">To</Table.Th>
            <Table.Th scope="col" ta="right">
              Records a second
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {edges.map((edge) => (
            <Table.Tr key={`${edge.from} ${edge.to}`}>
              <Table.Td>{titles.get(edge.from) ?? edge.from}</Table.Td>
              <Table.Td>{titles.get(edge.to) ?? edge.to}</Table.Td>
              <Table.Td ta="right">{rate(edge.rate)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}
