import { Empty } from "../../parts/Empty";
import { View } from "../../parts/View";

export function Conversation() {
  return (
    <View title="Conversation">
      <Empty title="Not built yet">This view is being built.</Empty>
    </View>
  );
}
