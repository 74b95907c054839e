"""What a person says aloud: voice activity, the committed item, and its transcript, whenever that arrives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from pipeline.simulate import timing
from pipeline.simulate.account import Item
from pipeline.simulate.model import Json
from pipeline.simulate.talk import Talk

PLANS: dict[str, float] = {
    "soon": 8,
    "late": 5,
    "early": 2,
    "before_done": 2,
    "twice": 1,
    "failed": 1.2,
    "empty": 0.8,
    "never": 0.8,
}
"""How a transcript fares and how often. early: before the item; before_done: between its opening and its end; twice:
completed, then completed again with other words; never: it does not come at all."""

_FAILURE: Json = {
    "type": "transcription_error",
    "code": "audio_unintelligible",
    "message": "The recording could not be understood.",
    "param": None,
}
_EVENT = "conversation.item.input_audio_transcription."


@dataclass(slots=True)
class Utterance:
    """Somebody has begun to speak."""

    item: Item
    started_at: int


def begin(talk: Talk, start_ms: int | None = None) -> Utterance:
    """`speech_started`, perhaps into an answer that is still going on; `start_ms` of the audio, drawn where None."""
    if start_ms is None:
        start_ms = talk.audio_clock + talk.rng.randint(300, 3_000)
    talk.audio_clock = start_ms
    item = _spoken(talk, {"speech.start_ms": start_ms})
    talk.say("input_audio_buffer.speech_started", {"audio_start_ms": start_ms, "item_id": item.item_id})
    return Utterance(item, talk.now)


def _spoken(talk: Talk, speech: Json) -> Item:
    """An item for what is said; `speech`: what is known of when."""
    final: Json = {
        "role": "user",
        "origin": "user_audio",
        "modality": "audio",
        "status": "completed",
        "text": None,
        "interrupted": False,
        "heard_ms": None,
        "response_id": None,
        "output_index": None,
        "metadata": None,
        **speech,
        "parts.0.type": "input_audio",
    }
    if not talk.attached_late:
        final["transcript.state"] = "pending" if talk.transcribes else "disabled"
    item = talk.new_item("message", final)
    if talk.dialect.speaking_status != "completed":
        # It never says that it is complete, and whether a reader may conclude it is left open.
        del item.final["status"]
        if not talk.transcribes:
            del item.final["text"]
    return item


def finish(
    talk: Talk, utterance: Utterance, text: str, plan: str, *, missed: bool = False, end_ms: int | None = None
) -> Item:
    """The rest of what is said, and when its transcript comes: see `PLANS`.

    `missed`: the collector did not get the opening of the item. `end_ms`: where the speech has ended in the audio, and
    does so now; None: after a while.
    """
    item = utterance.item
    plan = _possible(talk, plan)
    if talk.dialect.transcription == "partials":
        _open(talk, item)
    if end_ms is None:
        talk.wait(timing.SPEECH)
    if talk.dialect.transcription == "partials" and plan != "off":
        _partials(talk, item, text)
    talk.audio_clock = talk.audio_clock + max(200, talk.now - utterance.started_at) if end_ms is None else end_ms
    item.final["speech.end_ms"] = talk.audio_clock
    talk.say("input_audio_buffer.speech_stopped", {"audio_end_ms": talk.audio_clock, "item_id": item.item_id})
    talk.wait(timing.SILENCE)
    return _commit(talk, item, text, plan, missed=missed)


def hand_in(talk: Talk, text: str, plan: str) -> Item:
    """The client says that what it sent is whole; nobody listened for speech in it."""
    item = _spoken(talk, {"speech": None})
    if talk.dialect.transcription == "partials":
        _open(talk, item)
    return _commit(talk, item, text, _possible(talk, plan), missed=False)


def _possible(talk: Talk, plan: str) -> str:
    if not talk.transcribes:
        return "off"
    # There, an item is open from the first word on and never told done.
    return "soon" if talk.dialect.transcription == "partials" and plan == "before_done" else plan


def _commit(talk: Talk, item: Item, text: str, plan: str, *, missed: bool) -> Item:
    """`committed`, the item, its transcript."""
    dialect = talk.dialect
    predecessor = None if dialect.envelope == "xai" else talk.last_item
    body = {"previous_item_id": predecessor, "item_id": item.item_id}
    talk.say("input_audio_buffer.committed", body, lambda: talk.account.committed(item))
    if dialect.transcription == "partials" and plan != "off" and talk.chance(0.5):
        talk.wait(timing.SERVER_STEP)
        _partial(talk, item, text, 1)
    if plan == "early":
        _completed(talk, item, text, talk.wait(timing.SERVER_STEP))
    if missed:
        item.final |= {"previous_item_id": predecessor, "previous_item_source": "committed" if predecessor else None}
        talk.add_unopened(item, _body(talk, item), told=None)
    elif dialect.transcription != "partials":
        talk.wait(timing.AT_ONCE)
        before = talk.last_item
        body = _open(talk, item)
        if plan == "before_done":
            _completed(talk, item, text, talk.wait(timing.SERVER_STEP))
        talk.wait(timing.AT_ONCE)
        talk.item_done(item, body, before)
    _transcribe(talk, item, text, plan)
    return item


def say_aloud(talk: Talk, text: str, plan: str, *, missed: bool = False) -> Item:
    """A whole utterance."""
    return finish(talk, begin(talk), text, plan, missed=missed)


def _open(talk: Talk, item: Item) -> Json:
    body = _body(talk, item)
    talk.open(item, body, in_progress=talk.dialect.speaking_status == "in_progress")
    return body


def _body(talk: Talk, item: Item) -> Json:
    transcript = "" if talk.dialect.transcription == "partials" else None
    content = [{"type": "input_audio", "transcript": transcript}]
    fields: Json = {"role": "user", "content": content}
    return talk.wire.item("message", item.item_id, talk.dialect.speaking_status, fields)


def _transcribe(talk: Talk, item: Item, text: str, plan: str) -> None:
    late = talk.after(timing.TRANSCRIPT_LATE)
    soon = talk.after(timing.TRANSCRIPT_SOON)
    match plan:
        case "soon":
            _deltas(talk, item, text, soon)
            _completed(talk, item, text, soon)
        case "late":
            _deltas(talk, item, text, soon)
            _completed(talk, item, text, late)
        case "twice":
            _completed(talk, item, text.split(" ")[0] + "…", soon)
            _completed(talk, item, text, late)
        case "empty":
            _completed(talk, item, "", soon)
        case "failed":
            error = _FAILURE["message"]
            talk.say(
                _EVENT + "failed",
                {"item_id": item.item_id, "content_index": 0, "error": _FAILURE},
                lambda: talk.account.transcript(item, "failed", None, error),
                at=soon,
            )
        case _:
            pass


def _deltas(talk: Talk, item: Item, text: str, at: int) -> None:
    if talk.dialect.transcription != "deltas":
        return
    words = text.split(" ")
    for index, word in enumerate(words):
        where = {"item_id": item.item_id, "content_index": 0}
        talk.put(talk.wire.delta(_EVENT + "delta", where, " " + word), at=at - 40 + index * 40 // len(words))


def _partials(talk: Talk, item: Item, text: str) -> None:
    for share in (3, 2):
        talk.wait(timing.SERVER_STEP)
        _partial(talk, item, text, share)


def _partial(talk: Talk, item: Item, text: str, share: int) -> None:
    words = text.split(" ")
    told = " ".join(words[: max(1, len(words) // share)])
    body = {"item_id": item.item_id, "transcript": told, "content_index": 0}
    talk.say(_EVENT + "updated", dict(body))
    talk.say(_EVENT + "completed", {**body, "status": "in_progress"})


def _completed(talk: Talk, item: Item, text: str, at: int) -> None:
    body: Json = {"item_id": item.item_id}
    match talk.dialect.transcription:
        case "partials":
            body |= {"transcript": text, "content_index": 0, "status": "completed"}
        case "deltas":
            seconds = max(1, len(text) // 12)
            body |= {"content_index": 0, "transcript": text, "usage": {"type": "duration", "seconds": seconds}}
        case "completed":
            body |= {"content_index": 0, "transcript": text}
            if talk.dialect.flat_item:
                body |= {"usage": None, "logprobs": None}
    talk.say(_EVENT + "completed", body, partial(talk.account.transcript, item, "final", text, None), at=at)
