// npm oidc-provider as a provider behind Postern: whoever knows its pages comes in under the name that they type, PKCE is
// required, and its claims, keys and answers are as the test wants them.
// `node provider.js PORT ORIGIN ID`: serves alone, for the connector ID of the Postern at ORIGIN.

const { once } = require('node:events');
const { generateKeyPairSync, randomBytes } = require('node:crypto');
const { Provider } = require('oidc-provider');

// What Postern is there by its connector `id`. It has to be encoded to travel in a header (RFC 6749 section 2.3.1), and a
// secret is for one provider alone.
const clientOf = (id) => ({ client_id: 'postern at upstream', client_secret: `a secret / with + signs: 100% of ${id}` });

// A key for signatures, under a name of its own.
function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: randomBytes(6).toString('hex') };
}

// What is known of whoever typed `login`. Names that begin with `unproven` have an address that nobody has checked.
const claimsOf = (login) => ({
  sub: `sub of ${login}`,
  email: `${login}@example.com`,
  email_verified: !login.startsWith('unproven'),
  name: `${login[0].toUpperCase()}${login.slice(1)} Example`,
  preferred_username: login,
});

function configuration({ postern, id, key, idTokenClaims = false, method = 'client_secret_basic' }) {
  return {
    clients: [{
      ...clientOf(id),
      token_endpoint_auth_method: method,
      redirect_uris: [`${postern}/oauth/${id}/callback`],
      post_logout_redirect_uris: [`${postern}/login`],
      backchannel_logout_uri: `${postern}/oauth2/backchannel-logout/${id}`,
      backchannel_logout_session_required: true,
    }],
    jwks: { keys: [key] },
    cookies: { keys: ['what its cookies are signed with'] },
    claims: { email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
    // As the specification wants it, claims stand in userinfo alone where there is an access token.
    conformIdTokenClaims: !idTokenClaims,
    // It calls no address of this machine by itself.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
    findAccount: (_, login) => ({ accountId: login, claims: () => claimsOf(login) }),
  };
}

// Starts `it`, which says where and how: at its `port`, for the connector `id` of the Postern at `postern`. Its `asked` is
// what came to be allowed; `meddle`, while it is set, gets the parameters of each answer to change them.
async function startProvider(it) {
  it.issuer = `http://127.0.0.1:${it.port}`;
  it.asked = [];
  const provider = new Provider(it.issuer, configuration({ key: newKey(), ...it }));
  provider.use(async (ctx, next) => {
    if (ctx.path === '/auth') it.asked.push(ctx.query);
    await next();
    const location = ctx.response.get('location');
    if (it.meddle && location?.startsWith(`${it.postern}/oauth/`)) {
      const url = new URL(location);
      it.meddle(url.searchParams);
      ctx.set('location', url.href);
    }
  });
  const server = provider.listen(it.port, '127.0.0.1');
  await once(server, 'listening');
  it.stop = async () => {
    server.close().closeAllConnections();
    await once(server, 'close');
  };
  return it;
}

// Its pages: who they are, and that they agree. Each asks once.
async function comeInThere(page, login) {
  await page.getByPlaceholder('Enter any login').fill(login);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

module.exports = { clientOf, startProvider, comeInThere };

if (require.main === module) {
  const [port, postern, id] = process.argv.slice(2);
  startProvider({ port: Number(port), postern, id }).then(({ issuer }) => console.log(`listening on ${issuer}`));
}
