import { Group, Progress, Text } from "@mantine/core";

/** How much is done. A job that does not know moves all the same. */
export function Share({ share, running }: { share: number | null; running: boolean }) {
  const percent = share === null ? null : Math.floor(share * 100);
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress.Root size="lg" flex={1} miw={80}>
        <Progress.Section
          value={percent ?? (running ? 100 : 0)}
          animated={running}
          striped={running && percent === null}
          aria-label="How much is done"
          aria-valuetext={percent === null ? "not known" : `${percent} %`}
        />
      </Progress.Root>
      <Text fz="sm" w={52} ta="right" style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
        {percent === null ? "" : `${percent} %`}
      </Text>
    </Group>
  );
}
