import { Text, type TextProps } from "@mantine/core";
import { fullTime, time } from "./formats";

/** A point in time, in the reader's time zone; the whole of it on hovering. */
export function Moment({ at, ...rest }: { at: string | null } & TextProps) {
  if (at === null) return null;
  return (
    <Text component="time" dateTime={at} title={fullTime(at)} size="sm" c="dimmed" {...rest}>
      {time(at)}
    </Text>
  );
}
