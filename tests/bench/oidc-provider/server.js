// Somebody else's, to compare with: npm oidc-provider with its in-memory adapter.
// Arguments: how many tokens of a client's own authority it makes, how many codes for an app, and which app. They are
// written to npm-tokens and npm-codes in the current folder, one to a line.
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import Provider from "oidc-provider";
import MemoryAdapter from "oidc-provider/lib/adapters/memory_adapter.js";
import LRU from "oidc-provider/lib/helpers/lru.js";

const [tokens, codes, app] = process.argv.slice(2);
const SECRET = "a-secret-of-a-client-in-this-benchmark";
const REDIRECT = "https://app.example.com/callback";
const RESOURCE = "https://api.example.com";
// Signed access tokens are for a resource here; the app whose tokens are opaque names none.
const APPS = [
  { id: "app", alg: "RS256", resource: RESOURCE },
  { id: "app-es256", alg: "ES256", resource: RESOURCE },
  { id: "app-opaque", alg: "RS256" },
];

// As the adapter of its own, which forgets the oldest of a thousand things.
const store = new LRU({ maxSize: 10_000_000 });
const key = (type, options) => generateKeyPairSync(type, options).privateKey.export({ format: "jwk" });

const provider = new Provider("http://localhost", {
  adapter: (model) => new MemoryAdapter(model, store),
  jwks: {
    keys: [
      { ...key("rsa", { modulusLength: 2048 }), alg: "RS256", use: "sig" },
      { ...key("ec", { namedCurve: "P-256" }), alg: "ES256", use: "sig" },
    ],
  },
  clients: [
    {
      client_id: "chat-backend",
      client_secret: SECRET,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
    ...APPS.map(({ id, alg }) => ({
      client_id: id,
      client_secret: SECRET,
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: [REDIRECT],
      id_token_signed_response_alg: alg,
    })),
  ],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
  ttl: {
    AccessToken: 900,
    AuthorizationCode: 3600,
    ClientCredentials: 900,
    Grant: 604_800,
    IdToken: 3600,
    RefreshToken: 604_800,
  },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: "",
        audience: RESOURCE,
        accessTokenFormat: "jwt",
        accessTokenTTL: 900,
        jwt: { sign: { alg: "ES256" } },
      }),
      useGrantedResource: () => true,
    },
  },
});

async function make(count, file, one) {
  const lines = [];
  for (let number = 0; number < Number(count); number += 1) {
    lines.push(await one(number));
  }
  writeFileSync(file, lines.join("\n"));
}

// What a sign-in would have left behind (its verifier is that of RFC 7636, appendix B).
async function code(client, resource, number) {
  const accountId = `person${number}`;
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope("openid offline_access");
  return new provider.AuthorizationCode({
    accountId,
    client,
    resource,
    grantId: await grant.save(),
    acr: "0",
    amr: ["pwd"],
    authTime: Math.floor(Date.now() / 1000),
    codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    codeChallengeMethod: "S256",
    nonce: "a-nonce-of-this-benchmark",
    redirectUri: REDIRECT,
    scope: "openid offline_access",
    sid: `session${number}`,
  }).save();
}

const backend = await provider.Client.find("chat-backend");
await make(tokens, "npm-tokens", () => new provider.ClientCredentials({ client: backend }).save());
const asking = await provider.Client.find(app);
const { resource } = APPS.find(({ id }) => id === app);
await make(codes, "npm-codes", (number) => code(asking, resource, number));

const server = provider.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
