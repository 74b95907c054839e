import { Button, Chip, CloseButton, Collapse, Group, Kbd, Stack, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure, useHotkeys, useMediaQuery } from "@mantine/hooks";
import IconFilter from "@tabler/icons-react/icons/IconFilter";
import IconSearch from "@tabler/icons-react/icons/IconSearch";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { facets } from "../../api/queries";
import { OneOf, ScopeFilters } from "../../parts/ScopeFilters";
import { FILTERS, type Filters } from "./route";

const AFTER_TYPING_MS = 200;

type Props = { filters: Filters; change: (patch: Filters) => void };

export function SessionFilters({ filters, change }: Props) {
  const tools = useQuery(facets).data?.tools;
  const narrow = useMediaQuery("(max-width: 48em)");
  const [open, folded] = useDisclosure(false);
  const active = FILTERS.filter((name) => filters[name] !== undefined);
  const below = active.filter((name) => name !== "q").length;
  const clear = () => change(Object.fromEntries(FILTERS.map((name) => [name, undefined])));

  const choices: ReactNode = (
    <Group gap="xs" role="group" aria-label="Filters">
      <ScopeFilters scope={filters} change={change} />
      <OneOf label="Tool" options={tools} value={filters.tool} change={(tool) => change({ tool })} />
      <Flag label="With errors" on={filters.error} change={(error) => change({ error })} />
      <Flag label="Interrupted" on={filters.interrupted} change={(interrupted) => change({ interrupted })} />
      {active.length > 0 && (
        <Button variant="subtle" onClick={clear}>
          Clear
        </Button>
      )}
    </Group>
  );

  return (
    <Stack gap="xs" component="search">
      <Group gap="xs" wrap="nowrap">
        <Search text={filters.q ?? ""} change={(q) => change({ q: q || undefined })} />
        {narrow && (
          <Button
            variant="default"
            leftSection={<IconFilter size={16} aria-hidden />}
            onClick={folded.toggle}
            aria-expanded={open}
          >
            Filters{below > 0 ? ` (${below})` : ""}
          </Button>
        )}
      </Group>
      {narrow ? <Collapse expanded={open}>{choices}</Collapse> : choices}
    </Stack>
  );
}

function Flag({ label, on, change }: { label: string; on?: string; change: (on?: string) => void }) {
  return (
    <Chip
      checked={on === "true"}
      onChange={(checked) => change(checked ? "true" : undefined)}
      variant="outline"
    >
      {label}
    </Chip>
  );
}

/** Searches while one types; `/` goes there, Escape leaves it. */
function Search({ text, change }: { text: string; change: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  const field = useRef<HTMLInputElement>(null);
  const later = useDebouncedCallback(change, AFTER_TYPING_MS);
  // The address may change by going back.
  useEffect(() => {
    if (document.activeElement !== field.current) setTyped(text);
  }, [text]);
  useHotkeys([["/", () => field.current?.focus()]]);
  const type = (now: string) => {
    setTyped(now);
    later(now);
  };
  return (
    <TextInput
      ref={field}
      type="search"
      aria-label="Search what was said, tool names and arguments"
      placeholder="Search what was said"
      flex={1}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        typed === "" ? (
          <Kbd size="xs" aria-hidden>
            /
          </Kbd>
        ) : (
          <CloseButton size="sm" aria-label="Clear the search" onClick={() => type("")} />
        )
      }
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && field.current?.blur()}
    />
  );
}
