import { Paper, Text } from "@mantine/core";

/** One figure and what it is. */
export function Figure({ title, value }: { title: string; value: string }) {
  return (
    <Paper withBorder p="sm">
      <Text fz="xs" c="dimmed">
        {title}
      </Text>
      <Text fz="xl" fw={600} style={{ fontVariantNumeric: "tabular-nums" }}>
        {value}
      </Text>
    </Paper>
  );
}
