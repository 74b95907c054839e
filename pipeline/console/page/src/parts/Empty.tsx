import { Center, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import IconInbox from "@tabler/icons-react/icons/IconInbox";
import type { ReactNode } from "react";

/** Nothing to show: why, and what one can do about it. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Center py={64} px="md">
      <Stack align="center" gap="xs" maw={460}>
        <ThemeIcon variant="default" size={48} radius="xl" aria-hidden>
          <IconInbox size={24} stroke={1.5} />
        </ThemeIcon>
        <Title order={2} size="h4" ta="center">
          {title}
        </Title>
        {children && (
          <Text c="dimmed" ta="center" component="div">
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}
