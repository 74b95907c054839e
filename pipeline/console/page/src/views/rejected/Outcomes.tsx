import { Badge, Stack, Table, Text } from "@mantine/core";
import type { Redrive } from "../../api/types";
import { plural } from "../../parts/formats";
import { Notice } from "../../parts/Notice";
import { Wide } from "../../parts/Wide";
import { OUTCOMES, summary } from "./outcomes";

const MOST = 200;

/** What came of a redrive, or would, in one line and by record. */
export function Outcomes({ answer }: { answer: Redrive }) {
  const title = answer.dry_run ? "Dry run: nothing was sent" : `${plural(answer.sent, "record")} sent`;
  const shown = answer.records.slice(0, MOST);
  return (
    <Stack gap="xs" data-outcome={answer.dry_run ? "dry-run" : "redrive"}>
      <Notice colour={answer.dry_run ? "gray" : "teal"} title={title}>
        {summary(answer)}
      </Notice>
      {shown.length > 0 && (
        <Wide label="Outcome by record" height={320}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Record</Table.Th>
                <Table.Th scope="col">Outcome</Table.Th>
                <Table.Th scope="col">Why</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((record) => (
                <Table.Tr key={record.id}>
                  <Table.Th scope="row" fw={500}>
                    {record.id}
                  </Table.Th>
                  <Table.Td>
                    <Badge miw="max-content" variant="dot" tt="none" color={OUTCOMES[record.outcome].colour}>
                      {OUTCOMES[record.outcome].title}
                    </Badge>
                  </Table.Td>
                  <Table.Td style={{ overflowWrap: "anywhere" }}>
                    {[record.reason, record.message].filter(Boolean).join(": ")}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Wide>
      )}
      {answer.records.length > MOST && (
        <Text fz="sm" c="dimmed">
          The first {MOST} of {plural(answer.records.length, "record")}.
        </Text>
      )}
    </Stack>
  );
}
