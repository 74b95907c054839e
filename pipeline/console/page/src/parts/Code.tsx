import { Box, Button } from "@mantine/core";
import { useState } from "react";
import classes from "./Code.module.css";
import { CopyButton } from "./CopyButton";

type Props = { value: unknown; label: string; lines?: number };

const WIDTH = 100;

/**
 * JSON or other text as it is, with a button that copies it. Of more than `lines` lines the rest is folded away: a box
 * that scrolls by itself is a trap inside of a page that scrolls. Text from sessions is hostile: it is never HTML.
 */
export function Code({ value, label, lines = 400 }: Props) {
  const [whole, setWhole] = useState(false);
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
  const start = beginning(text, lines);
  return (
    <Box className={classes.code} role="group" aria-label={label}>
      <pre className={classes.text}>{whole ? text : start}</pre>
      {start.length < text.length && (
        <Button
          variant="subtle"
          size="compact-xs"
          m={4}
          onClick={() => setWhole(!whole)}
          aria-expanded={whole}
        >
          {whole ? "Show less" : "Show all"}
        </Button>
      )}
      <Box className={classes.copy}>
        <CopyButton text={text} label={`Copy ${label}`} />
      </Box>
    </Box>
  );
}

/** The first lines of a text; a long line counts for as many as it fills. */
function beginning(text: string, lines: number): string {
  let end = 0;
  for (let left = lines; left > 0 && end < text.length; ) {
    const stop = text.indexOf("\n", end);
    const length = (stop < 0 ? text.length : stop + 1) - end;
    const taken = Math.min(length, left * WIDTH);
    left -= Math.ceil(taken / WIDTH);
    end += taken;
  }
  // A handful of characters is not worth a button.
  return text.length - end < WIDTH ? text : text.slice(0, end);
}
