import { AppShell, Box, Burger, Group, NavLink, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { Problem } from "../api/client";
import { me } from "../api/queries";
import { Failure } from "../parts/Failure";
import { Loading } from "../parts/Loading";
import { ColorScheme } from "./ColorScheme";
import { Login } from "./Login";
import { VIEWS } from "./navigation";
import { Shortcuts } from "./Shortcuts";
import { Who } from "./Who";

/** What is around every view; shows the login in its place where the console does not know who asks. */
export function Shell() {
  const who = useQuery(me);
  const [open, menu] = useDisclosure(false);
  const { pathname } = useLocation();
  const main = useFocusOnChange(pathname);

  if (who.error instanceof Problem && who.error.status === 401) return <Login />;

  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 190, breakpoint: "sm", collapsed: { mobile: !open } }}
      padding="md"
    >
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={open}
              onClick={menu.toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label="Menu"
              aria-expanded={open}
            />
            <img src="/icon.svg" alt="" width={24} height={24} />
            <Text fw={600}>itemstream</Text>
            {who.data && (
              <Text size="sm" c="dimmed" visibleFrom="xs" title="Prefix of the topics">
                {who.data.prefix}
              </Text>
            )}
          </Group>
          <Group gap="xs" wrap="nowrap">
            {who.data && <Who me={who.data} />}
            <Shortcuts />
            <ColorScheme />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Views">
        <Stack gap={2}>
          {VIEWS.map(({ to, title, Icon }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={title}
              leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
              variant="light"
              active={pathname.startsWith(to)}
              aria-current={pathname.startsWith(to) ? "page" : undefined}
              onClick={menu.close}
            />
          ))}
        </Stack>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} ref={main}>
        <Box maw={1400} mx="auto">
          {who.data ? (
            <Outlet />
          ) : who.error ? (
            <Failure error={who.error} retry={() => who.refetch()} />
          ) : (
            <Loading />
          )}
        </Box>
      </AppShell.Main>
    </AppShell>
  );
}

/** Moves the focus to the content when another view opens, as a page load would. */
function useFocusOnChange(pathname: string) {
  const main = useRef<HTMLElement>(null);
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current !== pathname) main.current?.focus({ preventScroll: true });
    before.current = pathname;
  }, [pathname]);
  return main;
}
