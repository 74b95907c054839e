import { Anchor, Code, Group, Text } from "@mantine/core";
import { useState } from "react";

import { count } from "../../parts/formats";
import { type Mark, pieces } from "./marking";
import styles from "./rejected.module.css";

interface Props {
  value: string;
  mark: Mark | null;
  binary: boolean;
  truncated: boolean;
  message: string;
}

/** A rejected value as text, the part that is wrong marked; only what is around it until the rest is asked for. */
export function MarkedValue({ value, mark, binary, truncated, message }: Props) {
  const [whole, setWhole] = useState(false);
  if (value === "") return <Text c="dimmed">The record has no value.</Text>;
  const shown = pieces(value, mark, whole ? Number.POSITIVE_INFINITY : undefined);
  const cut = shown.cutBefore + shown.cutMarked + shown.cutAfter;
  return (
    <div>
      <Code block className={styles.value} tabIndex={0} aria-label="Value of the record">
        {shown.cutBefore > 0 && <span className={styles.cut}>… {count(shown.cutBefore)} characters … </span>}
        {shown.before}
        {mark && (
          <mark className={styles.mark} title={message}>
            {shown.marked || "⌁ ends here"}
            {shown.cutMarked > 0 && (
              <span className={styles.cut}> … {count(shown.cutMarked)} characters … </span>
            )}
            {shown.markedEnd}
          </mark>
        )}
        {shown.after}
        {shown.cutAfter > 0 && <span className={styles.cut}> … {count(shown.cutAfter)} characters …</span>}
      </Code>
      <Group gap="md">
        {(cut > 0 || whole) && (
          <Anchor component="button" type="button" fz="sm" onClick={() => setWhole(!whole)}>
            {whole ? "Only what is around the mark" : "The whole value"}
          </Anchor>
        )}
        {binary && (
          <Text fz="sm" c="dimmed">
            Not UTF-8: bytes that are no text are written as \x….
          </Text>
        )}
        {truncated && (
          <Text fz="sm" c="dimmed">
            Longer than what is shown here; `itemstream rejected show` prints all of it.
          </Text>
        )}
      </Group>
    </div>
  );
}
