import { Badge, Group, Text } from "@mantine/core";
import type { Message } from "../../../api/records";
import { duration } from "../../../parts/formats";
import { offset } from "../clock";
import classes from "./bodies.module.css";

const NO_TEXT: Record<string, string> = {
  pending: "The transcript has not come yet",
  failed: "The transcript could not be made",
  disabled: "The session makes no transcripts",
  final: "Nothing was said",
};

/** What was said or written, by whom, when, and how much of it was heard. */
export function MessageBody({ record }: { record: Message }) {
  const { speech, transcript, text } = record;
  const images = record.parts.filter((part) => part.type === "input_image").length;
  const missing = transcript ? NO_TEXT[transcript.state] : images > 0 ? null : "No text";
  return (
    <>
      {text ? (
        <p className={classes.said}>{text}</p>
      ) : (
        missing && <p className={classes.missing}>{missing}</p>
      )}
      {transcript?.error && (
        <Text size="sm" c="var(--mantine-color-error)">
          {[transcript.error.code, transcript.error.message].filter(Boolean).join(": ")}
        </Text>
      )}
      {record.interrupted && <Interrupted heard={record.heard_ms} />}
      <Group gap={6} mt={2}>
        {speech && (
          <Text size="sm" c="dimmed">
            {speech.end_ms !== null && speech.start_ms !== null
              ? `spoke ${duration(speech.end_ms - speech.start_ms)}, ${offset(speech.start_ms)} to ${offset(speech.end_ms)} of the audio`
              : "spoke"}
          </Text>
        )}
        {images > 0 && <Badge variant="default" tt="none">{`${images} image${images > 1 ? "s" : ""}`}</Badge>}
        {transcript?.languages?.map((language) => (
          <Badge key={language} variant="default" tt="none">
            {language}
          </Badge>
        ))}
      </Group>
    </>
  );
}

function Interrupted({ heard }: { heard: number | null }) {
  return (
    <div className={classes.interrupted}>
      <Badge variant="light" color="orange" tt="none">
        Interrupted
      </Badge>
      <Text size="sm" component="span">
        {heard === null
          ? "The user spoke before it was finished; what is above is as far as it got."
          : `The user heard the first ${duration(heard)} of it, not the rest.`}
      </Text>
    </div>
  );
}
