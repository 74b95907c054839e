import { Button, Menu, Stack, TextInput } from "@mantine/core";
import IconClock from "@tabler/icons-react/icons/IconClock";
import { time } from "./formats";
import { fromLocal, SPANS, toLocal } from "./when";

type Span = { from?: string; to?: string };

/** The span as words: `Last hour`, `3 Nov, 14:00:00 – now`, `Any time`. */
function words({ from, to }: Span): string {
  const known = SPANS.find((span) => span.value === from);
  if (known && to === undefined) return known.title;
  if (from === undefined && to === undefined) return "Any time";
  return `${from === undefined ? "ever" : time(from)} – ${to === undefined ? "now" : time(to)}`;
}

export function TimeFilter({ from, to, change }: Span & { change: (span: Span) => void }) {
  return (
    <Menu position="bottom-start" width={260} closeOnItemClick>
      <Menu.Target>
        <Button
          variant="default"
          fw={400}
          leftSection={<IconClock size={16} aria-hidden />}
          aria-label={`Time: ${words({ from, to })}`}
        >
          {words({ from, to })}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => change({ from: undefined, to: undefined })}>Any time</Menu.Item>
        {SPANS.map(({ value, title }) => (
          <Menu.Item key={value} onClick={() => change({ from: value, to: undefined })}>
            {title}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Stack gap="xs" p="xs">
          <TextInput
            type="datetime-local"
            label="From"
            size="xs"
            value={toLocal(from)}
            onChange={(event) => change({ from: fromLocal(event.currentTarget.value), to })}
          />
          <TextInput
            type="datetime-local"
            label="To"
            size="xs"
            value={toLocal(to)}
            onChange={(event) => change({ from, to: fromLocal(event.currentTarget.value) })}
          />
        </Stack>
      </Menu.Dropdown>
    </Menu>
  );
}
