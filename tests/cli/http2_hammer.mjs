// One request after another over HTTP/2, on a new session only when the server ends the present one.
// node http2_hammer.mjs ORIGIN SECONDS     prints: sent N, lost N, sessions N
import { connect, constants } from "node:http2";

const [origin, seconds] = process.argv.slice(2);
const until = Date.now() + Number(seconds) * 1000;
let session, sent = 0, lost = 0, sessions = 0;

function current() {
  if (!session) {
    const opened = connect(origin);
    opened.lastSeen = Infinity;
    const leave = () => { if (session === opened) session = undefined; };
    opened.on("goaway", (_code, lastSeen) => { opened.lastSeen = lastSeen; leave(); });
    opened.on("close", leave).on("error", leave);
    session = opened;
    sessions += 1;
  }
  return session;
}

// a request that crossed the server's farewell was never looked at, and the protocol says: send it again (RFC 9113 6.8)
function wasUnseen(opened, stream, error) {
  return stream.id === undefined || stream.id > opened.lastSeen
    || stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || error.code === "ERR_HTTP2_GOAWAY_SESSION";
}

function ask() {
  return new Promise((resolve, reject) => {
    const opened = current();
    const stream = opened.request({ ":path": "/livez" });
    const fail = (error) => reject(Object.assign(error, { unseen: wasUnseen(opened, stream, error) }));
    let status;
    stream.on("response", (headers) => { status = headers[":status"]; });
    stream.on("error", fail);
    stream.on("end", () => (status === 200 ? resolve() : fail(new Error(`status ${status}`))));
    stream.resume();
  });
}

while (Date.now() < until) {
  sent += 1;
  await ask().catch((error) => (error.unseen ? ask() : Promise.reject(error))).catch(() => { lost += 1; });
  await new Promise((resolve) => setTimeout(resolve, 10));
}
session?.close();
console.log(`sent ${sent}, lost ${lost}, sessions ${sessions}`);
