import { Button, Menu, Text } from "@mantine/core";
import IconUser from "@tabler/icons-react/icons/IconUser";
import { post } from "../api/client";
import { queries } from "../api/queries";
import type { Me } from "../api/types";

const MAY: Record<Me["role"], string> = {
  viewer: "May look at everything, may change nothing.",
  operator: "May also redrive rejected records and start replays; each is in the audit.",
};

export function Who({ me }: { me: Me }) {
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <Button variant="default" size="sm" px="xs" leftSection={<IconUser size={16} aria-hidden />}>
          <Text component="span" size="sm" maw={120} truncate>
            {me.name}
          </Text>
          <Text component="span" size="sm" c="dimmed" ml={6} visibleFrom="xs">
            {me.role}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.name} is {me.role === "operator" ? "an operator" : "a viewer"}. {MAY[me.role]}
        </Menu.Label>
        <Menu.Label>itemstream {me.version}</Menu.Label>
        {me.via === "cookie" && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => post("/api/logout").finally(() => queries.resetQueries())}>
              Log out
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
