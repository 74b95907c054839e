// How a TypeScript program reads the records; with any Kafka client, this is what it does with a value.
import type { FunctionCall, Message, RecordOfTopic, Response } from "./index.js";

/** A record of a topic, typed by the topic's name (without its prefix). */
export function parse<Topic extends keyof RecordOfTopic>(_topic: Topic, value: string): RecordOfTopic[Topic] {
  return JSON.parse(value) as RecordOfTopic[Topic];
}

/** What was said, where it is final. */
export function said(value: string): string | undefined {
  const message: Message = parse("items.messages", value);
  if (message.transcript?.state === "pending") return undefined;
  return `${message.role}: ${message.text ?? ""}`;
}

/** A function call's arguments, and whether they could be parsed. */
export function called(call: FunctionCall): [name: string | null, args: unknown] {
  return [call.name, call.warnings.includes("arguments_not_json") ? call.arguments_raw : call.arguments];
}

/** Tokens of a response; null is not zero: the provider told none. */
export function tokens(response: Response): number | null {
  return response.usage?.total_tokens ?? null;
}
