"""What the simulated people, models and tools say. Plain data: add lines freely, nothing depends on their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PLACES = ("Porto", "Tbilisi", "Kraków", "Osaka", "Valparaíso", "Тверь", "Galway", "Aarhus", "Recife", "Tromsø")
NAMES = ("Ines", "Davit", "Marta", "Kenji", "Lucía", "Олег", "Aoife", "Freja", "Rafael", "Sigrid")
THINGS = (
    "a rain jacket",
    "two tickets",
    "the blue armchair",
    "a gluten-free cake",
    "a used bicycle",
    "the night train",
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question a person asks and how a model answers it; `{place}`, `{name}`, `{thing}`, `{number}` are filled in."""

    question: str
    answer: str


EXCHANGES = (
    Exchange(
        "Is the ferry to {place} still running tonight?",
        "Yes, the last one leaves at twenty past nine from pier {number}. Be there ten minutes early, they close the"
        " gate on time.",
    ),
    Exchange(
        "Can you move my appointment to Thursday?",
        "Done, {name}. Thursday at half past two works, and I sent you the new time. The old slot is free again for"
        " somebody else.",
    ),
    Exchange(
        "How long does {thing} take to arrive in {place}?",
        "Usually {number} working days. If you order before noon it leaves the warehouse today, and you can follow it"
        " from the link in the mail.",
    ),
    Exchange(
        "Tell my guests the table is under {name}.",
        "I will. The table is under {name}, for {number} people, by the window as you asked. Shall I tell them about"
        " parking too?",
    ),
    Exchange(
        "¿Me recomiendas algo para comer en {place}?",
        "Claro: cerca del mercado hay una taberna pequeña con pescado del día. Si vas pronto no hace falta reservar,"
        " y el postre de la casa merece la pena.",
    ),
    Exchange(
        "Сколько стоит доставка, если я закажу {thing}?",
        "Доставка по городу бесплатная, за город — {number} рублей за километр. Курьер позвонит за час, можно"
        " выбрать удобный вечер.",
    ),
    Exchange(
        "My parcel says delivered, but there is nothing at the door.",
        "I am sorry about that, {name}. The courier left it with the neighbour at number {number}. If they do not have"
        " it, tell me and I will open a claim at once.",
    ),
    Exchange(
        "What did we decide about {thing}?",
        "You wanted to wait until the price drops below {number}. It has not yet, so I keep watching it and will say"
        " so when it happens. 👍",
    ),
    Exchange("Thanks, that was all.", "You are welcome, {name}! Have a good trip to {place}."),
    Exchange("Good morning.", "Good morning! What can I do for you?"),
)
NOTES = (
    "The caller is a returning customer.",
    "Speak plainly and keep it short.",
    "Prices are in euro unless the caller says otherwise.",
)
NOT_JSON_ARGUMENTS = ("place=here, day=tomorrow", '{"place": "somewhere', "{'day': 1}", "")


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call, with arguments and results it can have."""

    name: str
    description: str
    properties: tuple[str, ...]
    json_result: dict[str, Any]
    plain_result: str


TOOLS = (
    Tool(
        "ferry_timetable",
        "Departures of a ferry line on a day.",
        ("place", "day"),
        {"departures": ["18:40", "21:20"], "pier": 4, "delayed": False},
        "Two departures left today: 18:40 and 21:20, both from pier 4.",
    ),
    Tool(
        "find_parcel",
        "Where a parcel is.",
        ("parcel", "place"),
        {"state": "delivered", "left_with": {"name": "neighbour", "door": "12b"}, "attempts": 1},
        "Delivered, left with the neighbour at 12b.",
    ),
    Tool(
        "move_appointment",
        "Moves an appointment to another time.",
        ("name", "day"),
        {"moved": True, "confirmation": "K-7731", "notes": None},
        "moved",
    ),
)
UNDECLARED_TOOL = Tool("open_claim", "Opens a claim.", ("parcel",), {"claim": 9041}, "claim 9041 opened")
MCP_SERVERS = ("handbook", "stock", "billing")
MCP_TOOLS = ("look_up_page", "count_stock", "list_invoices")
