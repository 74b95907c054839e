"""`itemstream simulate provider`: a server that speaks the Realtime protocol, to try clients and collectors with."""

import asyncio
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import ItemstreamError, UsageError
from pipeline.ledger import ledger_lines
from pipeline.simulate.dialect import DIALECTS
from pipeline.simulate.provider import Conversation, StandIn
from pipeline.worker.process import run_until_signalled

BY_ADDRESS = "by-address"


def provider(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8765,
    dialect: Annotated[
        str, typer.Option(help=f"One of {', '.join(DIALECTS)}; or as path, model and headers of a client tell it.")
    ] = BY_ADDRESS,
    seed: Annotated[int, typer.Option(help="The same seed and the same client give the same conversation.")] = 1,
    speed: Annotated[float, typer.Option(min=0, help="How fast time passes; 0: as fast as it goes.")] = 1.0,
    ledger: Annotated[
        Path | None, typer.Option(help="File for what must come out of the sessions, added to as they end.")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="File of a certificate: for clients that insist on wss.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="File of its key.")] = None,
) -> None:
    """Speak the Realtime protocol on a port, in place of a provider, until Ctrl-C.

    It asks for no key, understands nothing, and answers out of a script: with tools declared, each turn is a call of
    one of them and then an answer.
    """
    if dialect not in (*DIALECTS, BY_ADDRESS):
        raise UsageError(f"--dialect {dialect} does not exist; there are {', '.join(DIALECTS)}")
    server = StandIn(
        host,
        port,
        dialect=None if dialect == BY_ADDRESS else dialect,
        seed=seed,
        speed=speed or None,
        tls=_tls(tls_cert, tls_key),
        ended=_ledger(ledger),
    )
    run_until_signalled(lambda stop: _serve(server, stop))


async def _serve(server: StandIn, stop: asyncio.Event) -> None:
    async with server:
        print(f"A provider stands in at {server.url}/realtime (base URL of clients: {_base_url(server.url)})")
        print("Ctrl-C ends it.", flush=True)
        await stop.wait()
    print(f"{server.sessions:,} sessions", file=sys.stderr)


def _base_url(url: str) -> str:
    return "http" + url.removeprefix("ws")


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise UsageError("--tls-cert and --tls-key belong together; give both")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise ItemstreamError(f"cannot use {cert} with {key}: {error.strerror or error}") from error
    return context


def _ledger(path: Path | None) -> Callable[[Conversation], None]:
    """Adds what must come out of a session to the file."""
    if path is None:
        return lambda _: None

    def add(conversation: Conversation) -> None:
        with path.open("ab") as file:
            file.write(ledger_lines(conversation.expected()))

    try:
        path.open("ab").close()
    except OSError as error:
        raise ItemstreamError(f"cannot write the ledger {path}: {error.strerror}; name another file") from error
    return add
