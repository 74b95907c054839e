export interface Node {
  id: string;
}

export interface Edge {
  from: string;
  to: string;
}

export interface Box {
  x: number;
  y: number;
}

export interface Layout {
  width: number;
  height: number;
  boxes: Map<string, Box>;
}

export const BOX = { width: 226, height: 42, gapX: 64, gapY: 8, edge: 8 } as const;

/** Columns from the left to the right along the edges, each in the order given and centred; an edge that goes back moves nothing. */
export function layout(nodes: readonly Node[], edges: readonly Edge[]): Layout {
  const columns = byDepth(nodes, depths(nodes, edges));
  const tallest = Math.max(0, ...columns.map((column) => column.length));
  const stepX = BOX.width + BOX.gapX;
  const stepY = BOX.height + BOX.gapY;
  const boxes = new Map<string, Box>();
  columns.forEach((column, depth) => {
    const top = BOX.edge + ((tallest - column.length) * stepY) / 2;
    column.forEach((node, row) => {
      boxes.set(node.id, { x: BOX.edge + depth * stepX, y: top + row * stepY });
    });
  });
  return {
    width: columns.length * stepX - BOX.gapX + 2 * BOX.edge,
    height: tallest * stepY - BOX.gapY + 2 * BOX.edge,
    boxes,
  };
}

/** The longest way to each node from where nothing leads to; edges that close a circle are left out. */
function depths(nodes: readonly Node[], edges: readonly Edge[]): Map<string, number> {
  const into = new Map<string, string[]>(nodes.map((node) => [node.id, []]));
  const out = new Map<string, string[]>(nodes.map((node) => [node.id, []]));
  for (const edge of edges) out.get(edge.from)?.push(edge.to);
  const onWay = new Set<string>();
  const seen = new Set<string>();
  const walk = (id: string) => {
    seen.add(id);
    onWay.add(id);
    for (const next of out.get(id) ?? []) {
      if (onWay.has(next) || !into.has(next)) continue;
      into.get(next)?.push(id);
      if (!seen.has(next)) walk(next);
    }
    onWay.delete(id);
  };
  const led = new Set(edges.map((edge) => edge.to));
  for (const node of [...nodes.filter((one) => !led.has(one.id)), ...nodes])
    if (!seen.has(node.id)) walk(node.id);
  const found = new Map<string, number>();
  const depth = (id: string): number => {
    const known = found.get(id);
    if (known !== undefined) return known;
    const deepest = Math.max(-1, ...(into.get(id) ?? []).map(depth)) + 1;
    found.set(id, deepest);
    return deepest;
  };
  for (const node of nodes) depth(node.id);
  return found;
}

function byDepth(nodes: readonly Node[], found: Map<string, number>): Node[][] {
  const columns: Node[][] = [];
  for (const node of nodes) {
    const depth = found.get(node.id) ?? 0;
    while (columns.length <= depth) columns.push([]);
    columns[depth]?.push(node);
  }
  return columns;
}

/** The curve of an edge: out of the right side, into the left; one that goes back runs below its boxes. */
export function curve(from: Box, to: Box): string {
  const [y1, y2] = [from.y + BOX.height / 2, to.y + BOX.height / 2];
  if (to.x > from.x) {
    const [x1, x2] = [from.x + BOX.width, to.x];
    const bend = (x2 - x1) / 2;
    return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
  }
  const low = Math.max(from.y, to.y) + BOX.height + BOX.gapY / 2;
  const [x1, x2] = [from.x + BOX.width / 2, to.x + BOX.width / 2];
  return `M${x1},${from.y + BOX.height} C${x1},${low + BOX.gapY} ${x2},${low + BOX.gapY} ${x2},${to.y + BOX.height}`;
}
