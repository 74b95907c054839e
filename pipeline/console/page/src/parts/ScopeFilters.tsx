import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { facets } from "../api/queries";
import { TimeFilter } from "./TimeFilter";
import { moment } from "./when";

/** What narrows nearly every view; the names are the API's and stand in the address. */
export const SCOPE = ["from", "to", "provider", "tenant"] as const;
export type Scope = Partial<Record<(typeof SCOPE)[number], string>>;

/** The scope as the API wants it: "an hour ago" as a moment. */
export function scopeQuery({ from, to, provider, tenant }: Scope) {
  return { from: moment(from), to: moment(to), provider, tenant };
}

type Props = { scope: Scope; change: (patch: Scope) => void };

/** Time, provider and tenant; put it into a `<Group>` together with a view's own filters. */
export function ScopeFilters({ scope, change }: Props) {
  const known = useQuery(facets).data;
  return (
    <>
      <TimeFilter from={scope.from} to={scope.to} change={change} />
      <OneOf
        label="Provider"
        options={known?.providers}
        value={scope.provider}
        change={(provider) => change({ provider })}
      />
      <OneOf
        label="Tenant"
        options={known?.tenants}
        value={scope.tenant}
        change={(tenant) => change({ tenant })}
      />
    </>
  );
}

type OneOfProps = {
  label: string;
  options: string[] | undefined;
  value: string | undefined;
  change: (value: string | undefined) => void;
};

/** A choice of one out of what the store has seen. A value from the address stays, also where the store has it no more. */
export function OneOf({ label, options = [], value, change }: OneOfProps) {
  const data = value === undefined || options.includes(value) ? options : [value, ...options];
  return (
    <Select
      aria-label={label}
      placeholder={label}
      data={data}
      value={value ?? null}
      onChange={(chosen) => change(chosen ?? undefined)}
      clearable
      searchable={data.length > 8}
      nothingFoundMessage="None of that name"
      w={{ base: "100%", xs: 150 }}
    />
  );
}
