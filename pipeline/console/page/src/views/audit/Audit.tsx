import { Badge, Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { Audit as Answer } from "../../api/types";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { Loading } from "../../parts/Loading";
import { Moment } from "../../parts/Moment";
import { More } from "../../parts/More";
import { View } from "../../parts/View";
import { Wide } from "../../parts/Wide";
import { sentence } from "./details";

/** Every redrive, replay and cancellation: who, when, of what, and how it went. */
export function Audit() {
  const audit = useInfiniteQuery({
    queryKey: ["audit"],
    queryFn: ({ pageParam, signal }) => get<Answer>("/api/audit", { cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 0,
  });
  const entries = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <View title="Audit">
      {audit.error ? (
        <Failure error={audit.error} retry={() => audit.refetch()} />
      ) : audit.isPending ? (
        <Loading />
      ) : entries.length === 0 ? (
        <Empty title="Nothing was done yet">
          Whoever redrives records, or starts or cancels a replay, is written down here.
        </Empty>
      ) : (
        <>
          <Wide label="Audit">
            <Table verticalSpacing="xs">
              <Table.Thead>
                <Table.Tr>
                  {["When", "Who", "What", "Outcome", "Details"].map((title) => (
                    <Table.Th key={title} scope="col">
                      {title}
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {entries.map((entry) => (
                  <Table.Tr key={`${entry.at} ${entry.who} ${entry.action}`}>
                    <Table.Td style={{ whiteSpace: "nowrap" }}>
                      <Moment at={entry.at} />
                    </Table.Td>
                    <Table.Td>{entry.who}</Table.Td>
                    <Table.Th scope="row" fw={500}>
                      {entry.action}
                    </Table.Th>
                    <Table.Td>
                      <Badge variant="default" tt="none">
                        {entry.outcome}
                      </Badge>
                    </Table.Td>
                    <Table.Td>
                      <Text fz="sm" style={{ overflowWrap: "anywhere" }}>
                        {sentence(entry.details)}
                      </Text>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
          <More query={audit} />
        </>
      )}
    </View>
  );
}
