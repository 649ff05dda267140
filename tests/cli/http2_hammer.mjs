// One request after another over HTTP/2, on a new session only when the server ends the present one.
// node http2_hammer.mjs ORIGIN SECONDS     prints: sent N, lost N, sessions N
import { connect } from "node:http2";

const [origin, seconds] = process.argv.slice(2);
const until = Date.now() + Number(seconds) * 1000;
let session, sent = 0, lost = 0, sessions = 0;

function current() {
  if (!session) {
    const opened = connect(origin);
    const leave = () => { if (session === opened) session = undefined; };
    opened.on("goaway", leave).on("close", leave).on("error", leave);
    session = opened;
    sessions += 1;
  }
  return session;
}

function ask() {
  return new Promise((resolve, reject) => {
    const stream = current().request({ ":path": "/livez" });
    let status;
    stream.on("response", (headers) => { status = headers[":status"]; });
    stream.on("error", reject);
    stream.on("end", () => (status === 200 ? resolve() : reject(new Error(`status ${status}`))));
    stream.resume();
  });
}

while (Date.now() < until) {
  sent += 1;
  await ask().catch(() => { lost += 1; });
  await new Promise((resolve) => setTimeout(resolve, 10));
}
session?.close();
console.log(`sent ${sent}, lost ${lost}, sessions ${sessions}`);
