import { ActionIcon, Tooltip } from "@mantine/core";
import { useTimeout } from "@mantine/hooks";
import IconCheck from "@tabler/icons-react/icons/IconCheck";
import IconCopy from "@tabler/icons-react/icons/IconCopy";
import { useState } from "react";
import { copyText } from "./copy";

const SAYS_SO_MS = 1_500;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [says, setSays] = useState(label);
  const { start } = useTimeout(() => setSays(label), SAYS_SO_MS);
  const copy = async () => {
    setSays(
      await copyText(text).then(
        () => "Copied",
        (error: Error) => error.message,
      ),
    );
    start();
  };
  return (
    <Tooltip label={says}>
      <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={says}>
        {says === "Copied" ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
