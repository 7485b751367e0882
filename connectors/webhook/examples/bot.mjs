// A whole bot without any library: tells Hearth each line of stdin, and does what Hearth asks by printing it.
import { createHmac, randomUUID } from "node:crypto";
import { createInterface } from "node:readline";

const { HEARTH_URL: url, HEARTH_BOT: bot, HEARTH_SECRET: secret, HEARTH_COMMUNITY: community } = process.env;
const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");

async function call(method, path, content) {
  const body = content === undefined ? "" : JSON.stringify(content);
  const id = randomUUID(), now = String(Math.floor(Date.now() / 1000));
  const signature = "v1," + createHmac("sha256", key).update(`${id}.${now}.${body}`).digest("base64");
  const headers = { "hearth-bot": bot, "webhook-id": id, "webhook-timestamp": now, "webhook-signature": signature,
    "content-type": "application/json" };
  const answer = await fetch(url + path, { method, headers, body: body || undefined });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function obey() {
  for (;;) {
    for (const command of (await call("GET", "/v1/commands?wait=20")).commands) {
      console.log(JSON.stringify(command)); // a real bot calls its platform here
      await call("POST", "/v1/receipts", { command_id: command.id, outcome: "executed" });
    }
  }
}

obey();
for await (const line of createInterface({ input: process.stdin })) {
  const data = { community_id: community, channel_id: "hall", member_id: "ann", message_id: randomUUID(), text: line };
  console.log(JSON.stringify(await call("POST", "/v1/events", { type: "message.posted", time: new Date().toISOString(), data })));
}
