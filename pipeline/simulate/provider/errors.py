"""What the server says of a client event it can't use."""

from __future__ import annotations

from pipeline.simulate.model import Json


class BadEvent(Exception):
    """A client event the server refuses: it says so in an `error` event, and the session goes on.

    code, message, param: as the provider words them; `param` names the field, None where there is none to name.
    """

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param

    def body(self, event_id: str | None) -> Json:
        """The fields of the `error` event; `event_id` is that of the client's event."""
        error: Json = {"type": "invalid_request_error", "code": self.code, "message": self.message}
        return {"error": error | {"param": self.param, "event_id": event_id}}


def missing(param: str) -> BadEvent:
    return BadEvent("missing_required_parameter", f"Missing required parameter: '{param}'.", param)


def unknown(param: str) -> BadEvent:
    return BadEvent("unknown_parameter", f"Unknown parameter: '{param}'.", param)


def wrong_type(param: str, expected: str, value: object) -> BadEvent:
    told = "null" if value is None else type(value).__name__
    return BadEvent("invalid_type", f"Invalid type for '{param}': expected {expected}, but got {told} instead.", param)


def wrong_value(param: str, value: object, supported: tuple[str, ...]) -> BadEvent:
    names = ", ".join(f"'{name}'" for name in supported)
    return BadEvent("invalid_value", f"Invalid value: '{value}'. Supported values are: {names}.", param)
