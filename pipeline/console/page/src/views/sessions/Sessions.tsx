import { Empty } from "../../parts/Empty";
import { View } from "../../parts/View";

export function Sessions() {
  return (
    <View title="Sessions">
      <Empty title="Not built yet">This view is being built.</Empty>
    </View>
  );
}
