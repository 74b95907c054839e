import { ActionIcon, Group, Kbd, Modal, Table, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import IconKeyboard from "@tabler/icons-react/icons/IconKeyboard";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { VIEWS } from "./navigation";

const KEYS: [keys: string[], what: string][] = [
  [["/"], "Search the sessions"],
  [["j", "k"], "Next, previous in a list or a conversation"],
  [["Enter"], "Open what is marked"],
  [["e"], "Raw events behind the marked item"],
  [["u"], "Back to the list"],
  ...VIEWS.map(({ key, title }): [string[], string] => [["g", key], title]),
  [["?"], "This list"],
];
const SECOND_KEY_WITHIN_MS = 1_000;

/** The keys that work anywhere, and the list of all keys. */
export function Shortcuts() {
  const [open, list] = useDisclosure(false);
  useKeys(list.toggle);
  return (
    <>
      <ActionIcon variant="default" size="lg" aria-label="Keys" onClick={list.open} visibleFrom="sm">
        <IconKeyboard size={18} stroke={1.6} aria-hidden />
      </ActionIcon>
      <Modal opened={open} onClose={list.close} title="Keys" closeButtonProps={{ "aria-label": "Close" }}>
        <Table>
          <Table.Tbody>
            {KEYS.map(([keys, what]) => (
              <Table.Tr key={what}>
                <Table.Td w={110}>
                  <Group gap={4} wrap="nowrap">
                    {keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </Group>
                </Table.Td>
                <Table.Td>
                  <Text size="sm">{what}</Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Modal>
    </>
  );
}

/** `?` lists the keys; `g` and then a view's key goes there. By what is typed: layouts differ in where Shift is needed. */
function useKeys(list: () => void): void {
  const navigate = useNavigate();
  // Of the last `g`. Not 0: a page's clock begins with it, and for a second every key would follow a `g`.
  const pressed = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const at = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || at.matches("input, textarea, select")) return;
      if (event.key === "?") list();
      if (event.key === "g") {
        pressed.current = event.timeStamp;
        return;
      }
      const view = VIEWS.find(({ key }) => key === event.key);
      if (view && event.timeStamp - pressed.current < SECOND_KEY_WITHIN_MS) {
        event.preventDefault();
        navigate({ to: view.to });
      }
      pressed.current = Number.NEGATIVE_INFINITY;
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [navigate, list]);
}
