"""Models of every record itemstream writes, for those who read them.

>>> from topics.models import Message
>>> message = Message.model_validate_json(record.value)  # doctest: +SKIP
"""

from topics.models.common import ErrorInfo, ItemRecord, JsonObject, Record, Source
from topics.models.function_call import FunctionCall
from topics.models.function_call_output import FunctionCallOutput
from topics.models.mcp_approval_request import McpApprovalRequest
from topics.models.mcp_approval_response import McpApprovalResponse
from topics.models.mcp_call import McpCall, McpError
from topics.models.mcp_tool_list import McpToolList
from topics.models.message import Message, Part, Speech, Transcript
from topics.models.other_item import OtherItem
from topics.models.response import Response, Timing, Usage

__all__ = [
    "ErrorInfo",
    "FunctionCall",
    "FunctionCallOutput",
    "ItemRecord",
    "JsonObject",
    "McpApprovalRequest",
    "McpApprovalResponse",
    "McpCall",
    "McpError",
    "McpToolList",
    "Message",
    "OtherItem",
    "Part",
    "Record",
    "Response",
    "Source",
    "Speech",
    "Timing",
    "Transcript",
    "Usage",
]
