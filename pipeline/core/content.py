"""The parts of a message: the provider's dialect made canonical, gaps filled from what part events told."""

from __future__ import annotations

from typing import Any

from pipeline.core.state import Item
from pipeline.core.values import list_or_none, object_or_none, text_or_none

# Beta names of content types, by who speaks. GA names are canonical and stay.
_ASSISTANT_TYPES = {"text": "output_text", "audio": "output_audio"}
_OTHER_TYPES = {"text": "input_text", "audio": "input_audio"}

_SENT_AS: tuple[type, ...] = (dict, str)
"""What a part can be: an object, or its mere text."""

_TEXTS = frozenset(("text", "transcript", "image_url"))
"""Fields of a part that are texts."""

_MODALITIES = {
    "input_text": "text",
    "output_text": "text",
    "input_audio": "audio",
    "output_audio": "audio",
    "input_image": "image",
}


def without_audio(item: dict[str, Any]) -> dict[str, Any]:
    """The item less the audio bytes of its content parts; the same object where it has none."""
    parts = list_or_none(item.get("content"))
    if parts:
        for part in parts:
            if isinstance(part, dict) and "audio" in part:
                return {**item, "content": [_less_audio(part) for part in parts]}
    return item


def part_type(type_: Any, role: str | None) -> str:
    """The canonical name of a content type."""
    if not type_ or not isinstance(type_, str):
        return "unknown"
    return (_ASSISTANT_TYPES if role == "assistant" else _OTHER_TYPES).get(type_, type_)


def parts_of(item: Item, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The message's parts in order.

    `document` is the item as it came (with gaps filled). A part without words takes those that part events told for
    its index; parts that only part events told come in at their index.
    """
    role = text_or_none(document.get("role"))
    content: Any = document.get("content")
    if isinstance(content, str):  # a bare text in place of parts
        content = [{"type": "text", "text": content}]
    sent: list[Any] = list_or_none(content) or []
    if not item.told and not item.transcripts:  # nothing but the item itself tells of it
        alone = [_canonical(part, role, None) for part in sent if type(part) in _SENT_AS]
        return alone or ([{"type": "input_audio"}] if item.committed else alone)
    told = item.told or {}
    parts: dict[int, dict[str, Any]] = {}
    for index, part in enumerate(sent):
        if type(part) in _SENT_AS:
            parts[index] = _canonical(part, role, None if type(part) is str else told.get(str(index)))
    for place, part in told.items():
        if int(place) not in parts:
            parts[int(place)] = _canonical(part, role, None)
    if item.transcripts:
        _add_transcripts(item.transcripts, parts)
    if item.committed and not parts:
        parts[0] = {"type": "input_audio"}  # a committed buffer is audio, whatever of it the item shows
    return [parts[index] for index in sorted(parts)] if len(parts) > 1 else list(parts.values())


def words_of(part: dict[str, Any]) -> str | None:
    """A part's text or transcript; None where it has none, or an empty one."""
    return part.get("text") or part.get("transcript") or None


def text_of(parts: list[dict[str, Any]]) -> str | None:
    """All words of the parts in order, joined by a newline; None where there are none."""
    if len(parts) == 1:  # most have one
        return words_of(parts[0])
    words = [said for part in parts if (said := words_of(part)) is not None]
    return "\n".join(words) if words else None


def modality_of(parts: list[dict[str, Any]]) -> str | None:
    """`text`, `audio`, `image`, `mixed`, or None where no part says."""
    if len(parts) == 1:  # most have one
        return _MODALITIES.get(parts[0]["type"])
    kinds = {kind for part in parts if (kind := _MODALITIES.get(part["type"])) is not None}
    return "mixed" if len(kinds) > 1 else kinds.pop() if kinds else None


def _less_audio(part: object) -> object:
    told = object_or_none(part)
    return part if told is None else {name: value for name, value in told.items() if name != "audio"}


def _canonical(sent: dict[str, Any] | str, role: str | None, told: dict[str, Any] | None) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "text", "text": sent} if isinstance(sent, str) else sent
    type_ = part_type(part.get("type"), role)
    words: object = part.get("text") or part.get("transcript")
    if words and len(part) == 2 and type_ == part.get("type") and isinstance(words, str):
        return part  # a type and words: most parts
    out = {
        name: value
        for name, value in part.items()
        # What is of another type `item` keeps as it came.
        if value is not None and name != "audio" and (name not in _TEXTS or isinstance(value, str))
    }
    out["type"] = type_
    if told is not None and words_of(out) is None:
        out.update(
            (name, told[name]) for name in ("text", "transcript") if told.get(name) and isinstance(told[name], str)
        )
    return out


def _add_transcripts(transcripts: dict[str, dict[str, Any]], parts: dict[int, dict[str, Any]]) -> None:
    for name, transcript in transcripts.items():
        index = int(name)
        if parts.get(index, {}).get("type") != "input_audio":
            audio = [at for at, part in parts.items() if part["type"] == "input_audio"]
            index = audio[0] if audio else index if index not in parts else max(parts) + 1
            parts.setdefault(index, {"type": "input_audio"})
        if transcript["state"] == "final":
            parts[index] = {**parts[index], "transcript": transcript["text"]}
        else:
            parts[index] = {key: value for key, value in parts[index].items() if key != "transcript"}
