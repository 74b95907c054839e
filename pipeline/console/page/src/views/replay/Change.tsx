import { SimpleGrid, Text } from "@mantine/core";
import type { Difference } from "../../api/types";
import { Code } from "../../parts/Code";

/** A field as it is on the topic, and as it would be. */
export function Change({ change }: { change: Difference["fields"][number] }) {
  return (
    <div>
      <Text fz="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
        {change.path}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }} mt={4}>
        <Side title="Now" value={change.before} label={`${change.path} as it is`} />
        <Side title="Then" value={change.after} label={`${change.path} as it would be`} />
      </SimpleGrid>
    </div>
  );
}

function Side({ title, value, label }: { title: string; value: unknown; label: string }) {
  return (
    <div>
      <Text fz="xs" c="dimmed">
        {title}
      </Text>
      <Code label={label} value={JSON.stringify(value, null, 2)} />
    </div>
  );
}
