/** `0:07.3`, `12:04.0`, `1:02:03.0`: how far into a conversation, or into its audio. */
export function offset(ms: number): string {
  const tenths = Math.max(0, Math.round(ms / 100));
  const seconds = Math.floor(tenths / 10) % 60;
  const minutes = Math.floor(tenths / 600) % 60;
  const hours = Math.floor(tenths / 36_000);
  const two = (value: number) => String(value).padStart(2, "0");
  const start = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
  return `${start}:${two(seconds)}.${tenths % 10}`;
}
