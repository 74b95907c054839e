import { Box, Table, UnstyledButton } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { type Cell, type Order, sorted } from "./sorting";
import { Wide } from "./Wide";

export interface Column<Row> {
  key: string;
  title: string;
  /** What is sorted by, and shown where there is no `cell`. */
  value: (row: Row) => Cell;
  cell?: (row: Row) => ReactNode;
  numeric?: boolean;
  /** The cell that names the row. */
  header?: boolean;
}

interface Props<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  order: Order;
  /** Rows that stay at the end, such as a sum. */
  foot?: readonly ReactNode[];
}

/** A table whose heads sort it; the first press on a column of numbers puts the largest first. */
export function SortableTable<Row>({ caption, columns, rows, rowKey, order: first, foot }: Props<Row>) {
  const [order, setOrder] = useState(first);
  const by = columns.find((column) => column.key === order.key);
  const inOrder = useMemo(() => (by ? sorted(rows, by.value, order.down) : rows), [rows, by, order.down]);
  const press = (column: Column<Row>) =>
    setOrder({ key: column.key, down: column.key === order.key ? !order.down : Boolean(column.numeric) });
  return (
    <Wide label={caption}>
      <Table
        captionSide="top"
        highlightOnHover
        stickyHeader
        verticalSpacing="xs"
        style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}
      >
        <Table.Caption ta="left">{caption}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Head key={column.key} column={column} order={order} onPress={() => press(column)} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {inOrder.map((row) => (
            <Table.Tr key={rowKey(row)}>
              {columns.map((column) => {
                const shown = column.cell ? column.cell(row) : (column.value(row) ?? "–");
                return column.header ? (
                  <Table.Th key={column.key} scope="row" fw={500}>
                    {shown}
                  </Table.Th>
                ) : (
                  <Table.Td key={column.key} ta={column.numeric ? "right" : undefined}>
                    {shown}
                  </Table.Td>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
        {foot && (
          <Table.Tfoot>
            <Table.Tr>
              {columns.map((column, index) => (
                <Table.Td key={column.key} ta={column.numeric ? "right" : undefined} fw={600}>
                  {foot[index]}
                </Table.Td>
              ))}
            </Table.Tr>
          </Table.Tfoot>
        )}
      </Table>
    </Wide>
  );
}

const ARROWS = { ascending: "↑", descending: "↓", none: "↕" } as const;

function Head<Row>({ column, order, onPress }: { column: Column<Row>; order: Order; onPress: () => void }) {
  const direction = column.key !== order.key ? "none" : order.down ? "descending" : "ascending";
  return (
    <Table.Th aria-sort={direction} scope="col" ta={column.numeric ? "right" : undefined}>
      <UnstyledButton onClick={onPress} fz="sm" fw={600}>
        {column.title}
        <Box component="span" aria-hidden c={direction === "none" ? "dimmed" : undefined} ml={4}>
          {ARROWS[direction]}
        </Box>
      </UnstyledButton>
    </Table.Th>
  );
}
