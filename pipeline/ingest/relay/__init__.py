"""The WebSocket relay: stands between an application and its provider, passes bytes, and records events."""
