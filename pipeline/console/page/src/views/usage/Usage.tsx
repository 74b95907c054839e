import { Empty } from "../../parts/Empty";
import { View } from "../../parts/View";

export function Usage() {
  return (
    <View title="Usage">
      <Empty title="Not built yet">This view is being built.</Empty>
    </View>
  );
}
