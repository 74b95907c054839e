import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Empty } from "./Empty";
import { View } from "./View";

export function NotFound() {
  return (
    <View title="Not found">
      <Empty
        title="There is no such page"
        action={
          <Button component={Link} to="/sessions" variant="default">
            To the sessions
          </Button>
        }
      >
        The address may be mistyped, or from another version of the console.
      </Empty>
    </View>
  );
}
