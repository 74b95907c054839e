import IconAlertOctagon from "@tabler/icons-react/icons/IconAlertOctagon";
import IconCoins from "@tabler/icons-react/icons/IconCoins";
import IconHistory from "@tabler/icons-react/icons/IconHistory";
import IconMessages from "@tabler/icons-react/icons/IconMessages";
import IconRotateClockwise from "@tabler/icons-react/icons/IconRotateClockwise";
import IconTool from "@tabler/icons-react/icons/IconTool";
import IconTopologyStar3 from "@tabler/icons-react/icons/IconTopologyStar3";

/** The views, in the order they are offered, and the key that follows `g`. */
export const VIEWS = [
  { to: "/sessions", title: "Sessions", key: "s", Icon: IconMessages },
  { to: "/tools", title: "Tools", key: "t", Icon: IconTool },
  { to: "/usage", title: "Usage", key: "u", Icon: IconCoins },
  { to: "/rejected", title: "Rejected", key: "r", Icon: IconAlertOctagon },
  { to: "/replay", title: "Replay", key: "p", Icon: IconRotateClockwise },
  { to: "/pipeline", title: "Pipeline", key: "l", Icon: IconTopologyStar3 },
  { to: "/audit", title: "Audit", key: "a", Icon: IconHistory },
] as const;
