import { Empty } from "../../parts/Empty";
import { View } from "../../parts/View";

export function Pipeline() {
  return (
    <View title="Pipeline">
      <Empty title="Not built yet">This view is being built.</Empty>
    </View>
  );
}
