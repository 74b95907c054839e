import { Box, Button, Center, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { post } from "../api/client";
import { queries } from "../api/queries";

/** Asks for the token; from then on a cookie that scripts cannot read tells who asks. */
export function Login() {
  const [token, setToken] = useState("");
  const login = useMutation({
    mutationFn: (token: string) => post("/api/login", { token }),
    onSuccess: () => queries.resetQueries(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate(token.trim());
  };
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder shadow="sm" p="xl" w="100%" maw={400}>
        <form onSubmit={submit}>
          <Stack>
            <Box>
              <Title order={1} size="h3">
                itemstream
              </Title>
              <Text c="dimmed" size="sm">
                The console asks for a token. Whoever started it has set one, or saw one printed.
              </Text>
            </Box>
            <PasswordInput
              label="Token"
              autoFocus
              autoComplete="current-password"
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
              error={login.error?.message}
              aria-invalid={login.isError}
            />
            <Button type="submit" loading={login.isPending} disabled={token.trim() === ""}>
              Log in
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
