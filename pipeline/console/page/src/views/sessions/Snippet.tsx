import { Text } from "@mantine/core";
import type { SnippetPart } from "../../api/types";
import classes from "./SessionRow.module.css";

/** Where a search found something, marked. */
export function Snippet({ parts }: { parts: SnippetPart[] }) {
  return (
    <Text size="sm" className={classes.snippet} lineClamp={2}>
      {parts.map((part, index) => {
        const key = `${index}:${part.text}`;
        return part.match ? <mark key={key}>{part.text}</mark> : <span key={key}>{part.text}</span>;
      })}
    </Text>
  );
}
