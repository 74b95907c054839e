import { Empty } from "../../parts/Empty";
import { View } from "../../parts/View";

export function Audit() {
  return (
    <View title="Audit">
      <Empty title="Not built yet">This view is being built.</Empty>
    </View>
  );
}
