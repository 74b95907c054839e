"""The console: conversations, calls and dead letters in a browser, over a projection of the topics."""
