import type { Usage } from "../../api/types";
import { count } from "../../parts/formats";
import { Notice } from "../../parts/Notice";
import { UNTOLD } from "./figures";

/** What the costs leave out: a model that is not in the price list is not taken for free. */
export function Unpriced({ usage }: { usage: Usage }) {
  if (usage.unpriced_models.length === 0) return null;
  const [all, lacking] = (["responses", "unpriced_responses"] as const).map((figure) =>
    usage.rows.reduce((total, row) => total + row[figure], 0),
  );
  return (
    <Notice title="Costs are higher than told" colour="yellow">
      {count(lacking ?? 0)} of {count(all ?? 0)} responses have no price, and are left out: those of{" "}
      {usage.unpriced_models.map((model) => model ?? UNTOLD).join(", ")}. What they are a part of is marked ≥;
      the price list can name them.
    </Notice>
  );
}
