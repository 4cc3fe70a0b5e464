// Somebody else's introspection, to compare with: npm oidc-provider with its in-memory adapter.
// Arguments: how many tokens, and the file that they are written to.
import { writeFileSync } from "node:fs";
import Provider from "oidc-provider";

const [count, file] = process.argv.slice(2);
const provider = new Provider("http://localhost", {
  clients: [
    {
      client_id: "chat-backend",
      client_secret: "a-secret-of-the-chat-backend-in-this-benchmark",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
  },
});

const client = await provider.Client.find("chat-backend");
const tokens = [];
for (let number = 0; number < Number(count); number += 1) {
  tokens.push(await new provider.ClientCredentials({ client }).save());
}
writeFileSync(file, tokens.join("\n"));

const server = provider.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
