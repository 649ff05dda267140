// Unmodified MSAL for Node, openid-client and oidc-client-ts sign a person in.
// node signing_in.mjs clients.json     prints an address, reads where the browser ended up, prints the result
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { PublicClientApplication } from "@azure/msal-node";
import { InMemoryWebStorage, OidcClient, WebStorageStateStore } from "oidc-client-ts";
import * as openid from "openid-client";

const given = JSON.parse(readFileSync(process.argv[2], "utf8"));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const issuer = `${given.origin}/${given.tenant}/v2.0`;

const visit = async (url) => {
  console.log(JSON.stringify({ visit: url }));
  return (await lines.next()).value;
};
const say = (step, result) => console.log(JSON.stringify({ step, error: null, ...result }));

async function msal() {
  const { clientId, redirectUri } = given.public;
  const host = new URL(given.origin).host;
  const application = new PublicClientApplication({ auth: { clientId, authority: `${given.origin}/${given.tenant}`, knownAuthorities: [host] } });
  const verifier = openid.randomPKCECodeVerifier();
  const request = { scopes: ["User.Read"], redirectUri, codeChallenge: await openid.calculatePKCECodeChallenge(verifier), codeChallengeMethod: "S256" };
  const landed = new URL(await visit(await application.getAuthCodeUrl(request)));
  const tokens = await application.acquireTokenByCode({ code: landed.searchParams.get("code"), scopes: ["User.Read"], redirectUri, codeVerifier: verifier });
  const renewed = await application.acquireTokenSilent({ account: tokens.account, scopes: ["User.Read"], forceRefresh: true });
  say("msal node", { name: tokens.idTokenClaims.name, renewed: Boolean(renewed.accessToken), token: renewed.accessToken });
}

async function openidClient() {
  const { clientId, clientSecret, redirectUri } = given.confidential;
  const configuration = await openid.discovery(new URL(issuer), clientId, clientSecret);
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  const parameters = { redirect_uri: redirectUri, scope: "openid profile offline_access User.Read", state, nonce, code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" };
  const url = await openid.buildAuthorizationUrlWithPAR(configuration, parameters);
  const landed = new URL(await visit(url.href));
  const tokens = await openid.authorizationCodeGrant(configuration, landed, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
  const who = await openid.fetchUserInfo(configuration, tokens.access_token, tokens.claims().sub);
  const renewed = await openid.refreshTokenGrant(configuration, tokens.refresh_token);
  const before = await openid.tokenIntrospection(configuration, renewed.access_token);
  const end = openid.buildEndSessionUrl(configuration, { id_token_hint: tokens.id_token, post_logout_redirect_uri: redirectUri });
  say("openid-client", { name: who.name, renewed: before.active, token: renewed.access_token, end: end.href.startsWith(given.origin) });
  await openid.tokenRevocation(configuration, renewed.refresh_token);
  const after = await openid.tokenIntrospection(configuration, renewed.access_token);
  say("openid-client revokes", { active: after.active });
}

async function oidcClientTs() {
  const { clientId, spaUri } = given.public;
  const client = new OidcClient({ authority: issuer, client_id: clientId, redirect_uri: spaUri, scope: "openid profile offline_access", loadUserInfo: true, stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }) });
  const request = await client.createSigninRequest({ state: { from: "here" } });
  const landed = await visit(request.url);
  const response = await client.processSigninResponse(landed);
  const renewed = await client.useRefreshToken({ state: { ...response, refresh_token: response.refresh_token, session_state: null, data: null, profile: response.profile, scope: response.scope }, timeoutInSeconds: 10 });
  say("oidc-client-ts", { name: response.profile.name, renewed: Boolean(renewed.access_token), token: null });
}

for (const run of [msal, openidClient, oidcClientTs]) {
  try {
    await run();
  } catch (error) {
    say(run.name, { error: `${error.name} ${error.code ?? ""} ${error.message} ${JSON.stringify(error.cause ?? "")}` });
  }
}
process.exit(0);
