import { ActionIcon, Menu } from "@mantine/core";
import IconDots from "@tabler/icons-react/icons/IconDots";
import type { Entry } from "../../api/types";
import { Copier } from "../../parts/Copier";
import { itemCurl, itemLink, json } from "./copies";

/** What one can take along of an entry. */
export function CopyMenu({ entry, title, open }: { entry: Entry; title: string; open: () => void }) {
  const session = String(entry.record.session_id ?? entry.id);
  return (
    <Copier>
      {(copy) => (
        <Menu position="bottom-end" width={210}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={`More of this ${title.toLowerCase()}`}>
              <IconDots size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={open}>Show the record</Menu.Item>
            <Menu.Divider />
            <Menu.Item onClick={() => copy("Link", () => itemLink(session, entry.id))}>
              Copy the link
            </Menu.Item>
            <Menu.Item onClick={() => copy("JSON", () => json(entry.record))}>Copy as JSON</Menu.Item>
            <Menu.Item onClick={() => copy("curl", () => itemCurl(session, entry.id))}>
              Copy as curl
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </Copier>
  );
}
