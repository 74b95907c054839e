import { Empty } from "../../parts/Empty";
import { View } from "../../parts/View";

export function Replay() {
  return (
    <View title="Replay">
      <Empty title="Not built yet">This view is being built.</Empty>
    </View>
  );
}
