import { Group, Stack, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

/** One view: its title, what stands beside the title, and its content. Also names the browser's tab. */
export function View({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · itemstream`;
  }, [title]);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="center" gap="sm">
        <Title order={1} size="h2">
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </Stack>
  );
}
