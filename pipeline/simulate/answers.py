"""One response from `response.created` to `response.done`: what it is made of, how it ends, what it cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.simulate import timing
from pipeline.simulate.account import Item
from pipeline.simulate.bodies import ResponseFacts, Tokens
from pipeline.simulate.model import Json
from pipeline.simulate.outputs import Output, Said
from pipeline.simulate.talk import Talk
from pipeline.simulate.writing import Frame, Writer, write

ENDINGS: dict[str, tuple[str, Json | None]] = {
    "completed": ("completed", None),
    "spoken_to": ("cancelled", {"type": "cancelled", "reason": "turn_detected"}),
    "client_cancelled": ("cancelled", {"type": "cancelled", "reason": "client_cancelled"}),
    "too_long": ("incomplete", {"type": "incomplete", "reason": "max_output_tokens"}),
    "failed": ("failed", {"type": "failed", "error": {"type": "server_error", "code": "server_overloaded"}}),
}
"""How a response may end: its status and its status details."""

_CUT_SHORT = ("spoken_to", "client_cancelled", "too_long")


def respond(
    talk: Talk,
    outputs: Sequence[Output],
    *,
    ending: str = "completed",
    out_of_band: bool = False,
    on_cut: Callable[[], None] | None = None,
    cut_at: int | None = None,
    modalities: list[str] | None = None,
    metadata: Json | None = None,
) -> list[Item]:
    """A response made of `outputs`, ending as `ENDINGS` says; `on_cut` happens where a cut one breaks off.

    `cut_at`: the time at which a cut one does, instead of a drawn number of words. `modalities`: other ones than the
    session's.
    """
    dialect = talk.dialect
    status, details = ENDINGS[ending]
    response_id = dialect.ids.response(talk.rng)
    conversation_id = None if out_of_band else talk.conversation_id
    told_modalities = talk.modalities if modalities is None else modalities

    def facts(now: str, why: Json | None, output: list[Json], usage: Json | None) -> Json:
        told = ResponseFacts(
            response_id, conversation_id, now, why, output, told_modalities, talk.voice, usage, metadata
        )
        return dialect.response(told)

    talk.wait(timing.THINK)
    created_at = talk.now
    talk.say("response.created", {"response": facts("in_progress", None, [], None)})
    frame = Frame(response_id, in_talk=not out_of_band)
    if ending in _CUT_SHORT:
        if cut_at is None:
            frame.cut_after = 1 + int(talk.rng.random() * 8)
        frame.cut_at = cut_at
        frame.on_cut = on_cut
        frame.spoken_to = ending == "spoken_to"
    _write_all(talk, frame, outputs)
    talk.wait(timing.SERVER_STEP)
    tokens = None if ending == "failed" else _tokens(talk, outputs)
    usage = dialect.usage(tokens) if tokens else None
    body: Json = {"response": facts(status, details, frame.output, usage)}
    if dialect.usage_on_event:
        body |= {"response_id": response_id, "usage": usage}
    final = _final(talk, frame, status, details, metadata, told_modalities, out_of_band) | _usage(talk, tokens)
    final["timing.done_ms"] = talk.now - created_at
    account = talk.account
    talk.say(
        "response.done",
        body,
        lambda: account.response_done(response_id, final, frame.told_at_end, frame.retold_at_end),
    )
    if talk.tells_rate_limits:
        remaining = talk.rng.randint(100_000, 1_000_000)
        limits = [{"name": "tokens", "limit": 1_000_000, "remaining": remaining, "reset_seconds": 0.6}]
        talk.say("rate_limits.updated", {"rate_limits": limits})
    for happens in frame.afterwards:
        happens()
    return frame.items


def answer(talk: Talk, text: str) -> Said:
    """An answer in the session's own way: aloud or in writing."""
    return Said((("output_audio" if talk.spoken else "output_text", text),))


def _write_all(talk: Talk, frame: Frame, outputs: Sequence[Output]) -> None:
    """One output after the other; some models begin the next before they have finished the last."""
    overlapping = talk.phases and frame.cut_after is None
    unfinished: Writer | None = None
    for output in outputs:
        if frame.cut_at is not None and talk.now >= frame.cut_at:
            break
        writer = write(talk, frame, output)
        next(writer)
        if unfinished is not None:
            next(unfinished, None)
        unfinished = writer
        if not overlapping:
            next(writer, None)
            unfinished = None
    if unfinished is not None:
        next(unfinished, None)


def _final(
    talk: Talk,
    frame: Frame,
    status: str,
    details: Json | None,
    metadata: Json | None,
    modalities: list[str],
    out_of_band: bool,
) -> Json:
    final: Json = {
        "status": status,
        "item_ids": [item.item_id for item in frame.items],
        "out_of_band": out_of_band,
        "metadata": metadata,
    }
    if not talk.attached_late:
        final["model"] = talk.model
    if talk.dialect.conversation_in_response:
        final["output_modalities"] = modalities
        final["status_reason"] = details.get("reason") if details else None
        if status == "failed":
            final.pop("status_reason")
            final["error.code"] = "server_overloaded"
        if not out_of_band:
            final["conversation_id"] = talk.conversation_id
    if talk.dialect.conversation_in_response and talk.dialect.name != "azure-voice-live":
        final["voice"] = talk.voice
    return final


def _tokens(talk: Talk, outputs: Sequence[Output]) -> Tokens:
    rng = talk.rng
    words = sum(len(text.split(" ")) for output in outputs if isinstance(output, Said) for _, text in output.parts)
    cached = rng.choice((0, 64, 128))
    return Tokens(
        input_text=cached + rng.randint(8, 200),
        input_audio=rng.randint(10, 90) if talk.spoken else 0,
        input_image=0,
        cached_text=cached,
        cached_audio=0,
        output_text=words + 6,
        output_audio=words * 4 if talk.spoken else 0,
        reasoning=rng.randint(0, 20) if talk.phases or talk.dialect.reasoning_told else None,
    )


def _usage(talk: Talk, tokens: Tokens | None) -> Json:
    """The record's flat numbers, as far as this dialect tells them."""
    if tokens is None:
        return {f"usage.{name}": None for name in ("input_tokens", "output_tokens", "total_tokens")}
    usage: Json = {
        "usage.input_tokens": tokens.input,
        "usage.output_tokens": tokens.output,
        "usage.total_tokens": tokens.input + tokens.output,
        "usage.input_text_tokens": tokens.input_text,
        "usage.input_audio_tokens": tokens.input_audio,
        "usage.output_text_tokens": tokens.output_text,
        "usage.output_audio_tokens": tokens.output_audio,
    }
    if talk.dialect.usage_on_event:
        unknown = ("input_image", "cached", "cached_text", "cached_audio", "reasoning")
        return usage | {f"usage.{name}_tokens": None for name in unknown}
    return usage | {
        "usage.input_image_tokens": tokens.input_image,
        "usage.cached_tokens": tokens.cached_text + tokens.cached_audio,
        "usage.cached_text_tokens": tokens.cached_text,
        "usage.cached_audio_tokens": tokens.cached_audio,
        "usage.reasoning_tokens": tokens.reasoning,
    }
