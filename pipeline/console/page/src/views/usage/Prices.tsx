import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Code } from "../../parts/Code";

const EXAMPLE = `currency = "USD"

[models."gpt-realtime*"]    # a model's name, or a pattern; the first that fits counts
input_text = 4.0            # for a million tokens, as all of these
input_audio = 32.0
cached_text = 0.4
cached_audio = 0.4
output_text = 16.0
output_audio = 64.0
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
