// The unmodified JavaScript client against a running Badgepin: node graph_client.mjs demo.json
// Prints one JSON object a step. Over plain HTTP the client withholds its token from hosts it does not know,
// so the server is reached over HTTPS with a certificate of the test's own (NODE_EXTRA_CA_CERTS).
import { readFileSync } from "node:fs";
import { Client } from "@microsoft/microsoft-graph-client";

const demo = JSON.parse(readFileSync(process.argv[2], "utf8"));
const origin = new URL(demo.origin);

function clientFor(token) {
  return Client.init({
    baseUrl: `${demo.origin}/`,
    defaultVersion: "beta",
    customHosts: new Set([origin.hostname]),
    authProvider: (done) => done(null, demo.tokens[token]),
  });
}

function say(step, facts) {
  console.log(JSON.stringify({ step, ...facts }));
}

async function refused(step, work) {
  try {
    await work();
  } catch (error) {
    say(step, { status: error.statusCode, code: error.code, request: Boolean(error.requestId) });
  }
}

const inHours = (hours) => new Date(Date.now() + hours * 3600e3).toISOString();
const admin = clientFor("applicationReadWrite");
const user = demo.users.newWorker.id;
const method = `/users/${user}/authentication/qrCodePinMethod`;

await refused("read nothing", () => admin.api(method).get());
const made = await admin.api(method).put({
  standardQRCode: { expireDateTime: inHours(24 * 30) },
  pin: { code: "13572468" },
});
say("create", { image: Boolean(made.standardQRCode.image.binaryValue), pin: made.pin.code });
const read = await admin.api(method).get();
say("read", { same: read.id === made.id, image: read.standardQRCode.image });
const code = await admin.api(`${method}/temporaryQRCode`).update({ expireDateTime: inHours(8) });
say("create temporary", { image: Boolean(code.image.rawContent) });
await admin.api(`${method}/temporaryQRCode`).delete();
say("delete temporary", { gone: (await admin.api(method).get()).temporaryQRCode === null });
await refused("delete temporary again", () => admin.api(`${method}/temporaryQRCode`).delete());
const pin = await admin.api(`${method}/pin`).update({});
say("reset pin", { digits: pin.code.length });
const workerPin = await admin
  .api(`/users/${demo.users.worker.id}/authentication/qrCodePinMethod/pin`)
  .update({ code: "" });
await clientFor("worker")
  .api("/me/authentication/qrCodePinMethod/pin/updatePin")
  .update({ currentPin: workerPin.code, newPin: "86420975" });
say("update pin", { ok: true });
const policy = clientFor("applicationPolicy");
const configuration = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/qrCodePin";
await policy.api(configuration).update({ "@odata.type": "#microsoft.graph.qrCodePinAuthenticationMethodConfiguration", pinLength: 9 });
say("change policy", { length: (await policy.api(configuration).get()).pinLength });
await policy.api(configuration).version("v1.0").update({ pinLength: 8 });
const batch = await admin.api("/$batch").post({
  requests: [
    { id: "1", method: "GET", url: `/beta${method}` },
    { id: "2", method: "DELETE", url: method, dependsOn: ["1"] },
  ],
});
const statuses = Object.fromEntries(batch.responses.map((item) => [item.id, item.status]));
say("batch", { statuses });
