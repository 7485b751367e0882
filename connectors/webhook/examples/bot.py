"""A whole bot without any library: tells Hearth each line of stdin, prints what Hearth asks for."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import sys
import threading
import time
import urllib.request
import uuid
from typing import Any

URL, BOT, COMMUNITY = os.environ["HEARTH_URL"], os.environ["HEARTH_BOT"], os.environ["HEARTH_COMMUNITY"]
KEY = base64.b64decode(os.environ["HEARTH_SECRET"].removeprefix("whsec_"))


def call(method: str, path: str, content: object = None) -> Any:
    """One signed request; its answer."""
    body = json.dumps(content).encode() if content is not None else b""
    request_id, now = str(uuid.uuid4()), str(int(time.time()))
    signature = hmac.digest(KEY, f"{request_id}.{now}.".encode() + body, hashlib.sha256)
    headers = {"webhook-id": request_id, "webhook-timestamp": now, "content-type": "application/json"}
    headers |= {"hearth-bot": BOT, "webhook-signature": "v1," + base64.b64encode(signature).decode()}
    request = urllib.request.Request(URL + path, body or None, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def obey() -> None:
    """Fetch commands, carry them out, send receipts."""
    while True:
        for command in call("GET", "/v1/commands?wait=20")["commands"]:
            print(json.dumps(command, ensure_ascii=False), flush=True)  # a real bot calls its platform here
            call("POST", "/v1/receipts", {"command_id": command["id"], "outcome": "executed"})


threading.Thread(target=obey, daemon=True).start()
for line in sys.stdin:
    data = {"community_id": COMMUNITY, "channel_id": "hall", "member_id": "ann", "text": line.strip()}
    moment = datetime.datetime.now(datetime.UTC).isoformat()
    event = {"type": "message.posted", "time": moment, "data": data | {"message_id": str(uuid.uuid4())}}
    print(json.dumps(call("POST", "/v1/events", event)), flush=True)
threading.Event().wait()
