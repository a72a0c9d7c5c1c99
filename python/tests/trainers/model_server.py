"""A model that answers at once over OpenAI's protocol, for tests: what it says depends on the conversation alone, so that whoever
asks it in the same words gets the same answer. Knows no economy: it calls the tools that it is offered, in turn."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def reply(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> dict[str, Any]:
    """The n-th answer of a conversation: mostly a call, now and then silence, a wrong argument, an unknown tool, broken JSON."""
    n = sum(message["role"] == "assistant" for message in messages)
    if n % 7 == 3:
        return {"role": "assistant", "content": "I wait."}
    name = "nonsense" if n % 11 == 5 else tools[n % len(tools)]["function"]["name"]
    parameters = tools[n % len(tools)]["function"]["parameters"]
    args = {
        key: _value(schema) for key, schema in parameters.get("properties", {}).items() if key in parameters.get("required", [])
    }
    text = "{" if n % 13 == 8 else json.dumps({**args, "odd": 1} if n % 5 == 4 else args)
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": f"call-{n}", "type": "function", "function": {"name": name, "arguments": text}}],
    }


def _value(schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    for one in [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
        return _value(one)
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    return {"boolean": True, "array": [], "object": {}}.get(str(kind), "a text")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message = reply(asked["messages"], asked.get("tools", []))
        body = json.dumps(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 0,
                "model": asked["model"],
                "choices": [
                    {"index": 0, "finish_reason": "tool_calls" if message.get("tool_calls") else "stop", "message": message}
                ],
                "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
            }
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


class ModelServer:
    """Listens on a port that the system assigns, until the block ends."""

    def __enter__(self) -> str:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
