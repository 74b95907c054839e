import { Box, ScrollArea } from "@mantine/core";
import classes from "./Code.module.css";
import { CopyButton } from "./CopyButton";

/** JSON or other text as it is, with a button that copies it. Text from sessions is hostile: it is never HTML. */
export function Code({ value, label }: { value: unknown; label: string }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <Box className={classes.code} role="group" aria-label={label}>
      <ScrollArea.Autosize
        mah={420}
        type="auto"
        viewportProps={{ tabIndex: 0, "aria-label": label, role: "region" }}
      >
        <pre className={classes.text}>{text}</pre>
      </ScrollArea.Autosize>
      <Box className={classes.copy}>
        <CopyButton text={text} label={`Copy ${label}`} />
      </Box>
    </Box>
  );
}
