"""A stand-in for a provider: a WebSocket server that speaks the Realtime protocol, out of the simulator's scripts.

It serves tests, demos and whoever tries a collector without an account. It understands nothing: what people say and
what the model answers is drawn from a seed.
"""

from pipeline.simulate.provider.conversation import Conversation
from pipeline.simulate.provider.server import StandIn

__all__ = ["Conversation", "StandIn"]
