// npm oauth2-mock-server as a provider that says what a test wants said. It has no page: whoever comes is sent back at once.

const { OAuth2Server, Events } = require('oauth2-mock-server');

// Starts `it` at its `port`. Of what it says, `it` holds and a test may change at any time: `claims`, beside those of each
// ID token; `userinfo`; and `document`, beside what it says of itself, which is found at `path`. Null leaves a member out.
async function startMock(it) {
  it.origin = `http://127.0.0.1:${it.port}`;
  const endpoints = { wellKnownDocument: `${it.path ?? ''}/.well-known/openid-configuration` };
  const server = new OAuth2Server(undefined, undefined, { endpoints });
  await server.issuer.keys.generate('RS256');
  await server.start(it.port, '127.0.0.1');
  server.issuer.url = it.origin;

  const say = (target, more) => {
    for (const [name, value] of Object.entries(more ?? {})) {
      if (value === null) delete target[name];
      else target[name] = value;
    }
  };
  server.service.on(Events.BeforeTokenSigning, ({ payload }) => {
    // Of the two tokens of an answer, only the ID token is for somebody.
    if (payload.aud) say(payload, it.claims);
  });
  server.service.on(Events.BeforeUserinfo, (answer) => {
    answer.body = it.userinfo ?? { sub: it.claims.sub };
  });
  server.service.on(Events.BeforeWellKnownOpenIdConfiguration, (answer) => say(answer.body, it.document));
  it.stop = () => server.stop();
}

module.exports = { startMock };
