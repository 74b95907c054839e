"""What the client puts into a conversation in writing: messages with text and images, and edits of earlier items."""

from __future__ import annotations

from base64 import b64encode

from pipeline.simulate import timing
from pipeline.simulate.account import Item
from pipeline.simulate.model import Json
from pipeline.simulate.talk import Talk

Content = tuple[str, str]
"""A part's kind (`input_text`, `input_image`, `output_text`) and its text or image address."""


def message(talk: Talk, role: str, contents: list[Content], *, missed: bool = False) -> Item:
    """A whole message the client created, of any role. `missed`: the collector did not get its opening."""
    texts = [text for kind, text in contents if kind != "input_image"]
    kinds = {"image" if kind == "input_image" else "text" for kind, _ in contents}
    final: Json = {
        "role": role,
        "origin": "client",
        "modality": kinds.pop() if len(kinds) == 1 else "mixed",
        "text": "\n".join(texts) if texts else None,
        "status": "completed",
        "transcript": None,
        "speech": None,
        "interrupted": False,
        "heard_ms": None,
        "response_id": None,
        "output_index": None,
        **{f"parts.{index}.type": kind for index, (kind, _) in enumerate(contents)},
    }
    item = talk.new_item("message", final)
    names = talk.dialect.contents
    content = [
        {"type": kind, "image_url": told} if kind == "input_image" else {"type": names.get(kind, kind), "text": told}
        for kind, told in contents
    ]
    fields: Json = {"role": role, "content": content}
    if talk.dialect.flat_item and talk.chance(0.3):
        fields["metadata"] = {"channel": "phone", "desk": str(talk.rng.randint(1, 40))}
    item.final["metadata"] = fields.get("metadata")
    body = talk.wire.item("message", item.item_id, "completed", fields)
    if missed:
        talk.add_unopened(item, body, told=talk.last_item if talk.chance(0.5) else None)
    else:
        talk.add_client_item(item, body)
    return item


def image_address(talk: Talk) -> str:
    """A small picture in a data address."""
    return "data:image/png;base64," + b64encode(talk.rng.randbytes(180)).decode()


def delete(talk: Talk, item: Item) -> None:
    """The item leaves the conversation."""
    talk.wait(timing.SERVER_STEP)
    talk.say("conversation.item.deleted", {"item_id": item.item_id}, lambda: talk.account.deleted(item))
    if talk.last_item == item.item_id:
        talk.last_item = item.final.get("previous_item_id")


def truncate(talk: Talk, item: Item) -> None:
    """The person heard only so much of an answer."""
    talk.wait(timing.SERVER_STEP)
    heard_ms = talk.rng.randint(120, 6_000)
    talk.say(
        "conversation.item.truncated",
        {"item_id": item.item_id, "content_index": 0, "audio_end_ms": heard_ms},
        lambda: talk.account.truncated(item, heard_ms),
    )


def retrieve(talk: Talk, item: Item) -> None:
    """The client asks for a spoken item back, with its audio; whether that words it anew is left open."""
    text = item.final.get("text")
    audio = b64encode(talk.rng.randbytes(600)).decode()
    content = [{"type": "audio", "transcript": text, "audio": audio, "format": "pcm16"}]
    body: Json = {
        "id": item.item_id,
        "object": "realtime.item",
        "type": "message",
        "status": item.final["status"],
        "role": item.final["role"],
        "content": content,
    }
    talk.wait(timing.SERVER_STEP)
    talk.say("conversation.item.retrieved", {"item": body}, lambda: talk.account.perhaps_changed(item))
