import { Empty } from "../../parts/Empty";
import { View } from "../../parts/View";

export function Rejected() {
  return (
    <View title="Rejected">
      <Empty title="Not built yet">This view is being built.</Empty>
    </View>
  );
}
