import { Empty } from "../../parts/Empty";
import { View } from "../../parts/View";

export function Tools() {
  return (
    <View title="Tools">
      <Empty title="Not built yet">This view is being built.</Empty>
    </View>
  );
}
