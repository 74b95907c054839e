import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Code } from "../../parts/Code";

const EXAMPLE = `currency = "EUR"

[models."gpt-realtime"]       # the model's name, or how it begins
input_text_tokens = 3.50       # for 1,000,000 tokens each
input_audio_tokens = 28.00
cached_tokens = 0.35
output_text_tokens = 14.00
output_audio_tokens = 56.00
`;

const COMMAND = "itemstream console --console-prices prices.toml";

/** How to have costs: prices are the user's own, none are built in. */
export function Prices() {
  const [open, more] = useDisclosure(false);
  return (
    <Alert variant="default">
      <Group justify="space-between" gap="xs">
        <Text fz="sm">No prices are set, so there is no cost: they are between you and your provider.</Text>
        <Button size="xs" variant="default" aria-expanded={open} onClick={more.toggle}>
          How to set prices
        </Button>
      </Group>
      {open && (
        <Stack gap="xs" mt="sm">
          <Text fz="sm">Write yours into a file, and start the console with it:</Text>
          <Code label="prices.toml" value={EXAMPLE} />
          <Code label="the command" value={COMMAND} />
        </Stack>
      )}
    </Alert>
  );
}
