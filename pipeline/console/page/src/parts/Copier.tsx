import { Affix, Notification } from "@mantine/core";
import { useTimeout } from "@mantine/hooks";
import { type ReactNode, useState } from "react";
import { copyText } from "./copy";

type Copy = (what: string, text: () => string | Promise<string>) => void;
const SAYS_SO_MS = 2_500;

/** Copies what may have to be fetched first, and says whether that worked. */
export function Copier({ children }: { children: (copy: Copy) => ReactNode }) {
  const [said, setSaid] = useState<{ text: string; failed: boolean } | null>(null);
  const { start, clear } = useTimeout(() => setSaid(null), SAYS_SO_MS);
  const copy: Copy = async (what, text) => {
    clear();
    try {
      await copyText(await text());
      setSaid({ text: `${what} copied`, failed: false });
    } catch (error) {
      setSaid({ text: `${what} was not copied: ${(error as Error).message}`, failed: true });
    }
    start();
  };
  return (
    <>
      {children(copy)}
      {said && (
        <Affix position={{ bottom: 20, right: 20 }}>
          <Notification
            role="status"
            color={said.failed ? "red" : "teal"}
            title={said.text}
            onClose={() => setSaid(null)}
            closeButtonProps={{ "aria-label": "Close" }}
          />
        </Affix>
      )}
    </>
  );
}
