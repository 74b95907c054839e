import { Drawer, Tabs, Text } from "@mantine/core";
import type { Entry } from "../../../api/types";
import { Code } from "../../../parts/Code";
import { kindOf } from "../kinds";
import type { Detail } from "../route";
import { RawEvents } from "./RawEvents";
import { Revisions } from "./Revisions";

type Props = {
  sessionId: string;
  entry: Entry;
  detail: Detail;
  change: (id: string, detail: Detail) => void;
  close: () => void;
};

/** What lies behind an entry: the record, its revisions, the provider's events. */
export default function Details({ sessionId, entry, detail, change, close }: Props) {
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="lg"
      title={kindOf(entry).title}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Text size="sm" c="dimmed" ff="monospace" mb="sm" style={{ overflowWrap: "anywhere" }}>
        {entry.id}
      </Text>
      <Tabs value={detail} onChange={(value) => change(entry.id, value as Detail)} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="events">Raw events</Tabs.Tab>
          <Tabs.Tab value="revisions">Revisions ({entry.revisions})</Tabs.Tab>
          <Tabs.Tab value="record">Record</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="events">
          <RawEvents sessionId={sessionId} id={entry.id} />
        </Tabs.Panel>
        <Tabs.Panel value="revisions">
          <Revisions sessionId={sessionId} entry={entry} />
        </Tabs.Panel>
        <Tabs.Panel value="record">
          <Text size="sm" c="dimmed" mb="xs">
            The latest revision, as it is on {entry.topic}.
          </Text>
          <Code value={entry.record} label="record" />
        </Tabs.Panel>
      </Tabs>
    </Drawer>
  );
}
