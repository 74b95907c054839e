import { Chip, Group, Text } from "@mantine/core";
import type { RejectedList } from "../../api/types";
import { count } from "../../parts/formats";
import { WHAT } from "./reasons";

interface Props {
  reasons: RejectedList["reasons"];
  chosen: string | undefined;
  onChoose: (reason: string | undefined) => void;
}

/** How many there are of each reason; a press shows these alone. */
export function Reasons({ reasons, chosen, onChoose }: Props) {
  const all = reasons.reduce((sum, one) => sum + one.count, 0);
  const offered = [...reasons].sort((one, other) => other.count - one.count);
  if (chosen !== undefined && !offered.some(({ reason }) => reason === chosen)) {
    offered.push({ reason: chosen, count: 0 });
  }
  return (
    <div>
      <Chip.Group value={chosen ?? ""} onChange={(value) => onChoose(String(value) || undefined)}>
        <Group gap="xs" role="radiogroup" aria-label="Reason">
          <Chip value="">All {count(all)}</Chip>
          {offered.map(({ reason, count: many }) => (
            <Chip key={reason} value={reason}>
              {reason} {count(many)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      {chosen && WHAT[chosen] && (
        <Text c="dimmed" fz="sm" mt="xs">
          {WHAT[chosen]}
        </Text>
      )}
    </div>
  );
}
