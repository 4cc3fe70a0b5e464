// LibreChat's side of a sign-in, played with the libraries that it uses and in its order of steps; everything else of
// it is left out. It knows of its provider only what stands in its settings.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const express = require('express');
const expressSession = require('express-session');
const jwt = require('jsonwebtoken');
const jwksRsa = require('jwks-rsa');
const { Passport } = require('passport');
const { ExtractJwt, Strategy: JwtStrategy } = require('passport-jwt');
const client = require('openid-client');
const { Strategy } = require('openid-client/passport');

// Looks its provider up: once, when it starts. Every request to it is noted in `calls`.
async function discover(settings, calls) {
  const noted = async (url, options) => {
    calls.push({ url: url.toString(), method: options.method, body: options.body?.toString() ?? '' });
    return fetch(url, options);
  };
  const issuer = new URL(settings.OPENID_ISSUER);
  const secret = settings.OPENID_CLIENT_SECRET;
  const proof = client.ClientSecretPost(secret);
  return client.discovery(issuer, settings.OPENID_CLIENT_ID, { client_secret: secret }, proof, { [client.customFetch]: noted });
}

// People, as its database has them: found by the provider's id, else by the bare address.
class People {
  list = [];

  find({ sub, email }) {
    const found = this.list.find((it) => it.openidId === sub) ?? this.list.find((it) => it.email === email);
    return found && found.provider !== 'openid' ? { refused: true } : { found };
  }

  // What a sign-in makes of somebody: userinfo wins over the ID token, the role comes from the ID token alone.
  enter(settings, tokens, info) {
    const email = info.email || info.preferred_username || info.upn;
    const { found, refused } = this.find({ sub: info.sub, email });
    if (refused) return undefined;
    const person = found ?? { provider: 'openid', role: 'USER' };
    if (!found) this.list.push(person);
    const name = info[settings.OPENID_NAME_CLAIM];
    Object.assign(person, { openidId: info.sub, email, name, username: info.preferred_username || info.email });
    const roles = jwt.decode(tokens.id_token)[settings.OPENID_ADMIN_ROLE_PARAMETER_PATH];
    assert.equal(settings.OPENID_ADMIN_ROLE_TOKEN_KIND, 'id');
    person.role = [roles].flat().includes(settings.OPENID_ADMIN_ROLE) ? 'ADMIN' : 'USER';
    return person;
  }
}

function strategy(settings, config, people) {
  class OpenId extends Strategy {
    currentUrl(req) {
      return new URL(`${settings.DOMAIN_SERVER}${req.originalUrl}`);
    }

    authorizationRequestParams(req, options) {
      const params = super.authorizationRequestParams(req, options);
      params.set('state', options.state);
      return params;
    }
  }
  const callbackURL = `${settings.DOMAIN_SERVER}${settings.OPENID_CALLBACK_URL}`;
  return new OpenId({ config, scope: settings.OPENID_SCOPE, callbackURL }, async (tokens, done) => {
    try {
      const claims = tokens.claims();
      const info = { ...claims, ...(await client.fetchUserInfo(config, tokens.access_token, claims.sub)) };
      const person = people.enter(settings, tokens, info);
      done(null, person && { person, tokens }, { message: 'auth_failed' });
    } catch (error) {
      done(error);
    }
  });
}

// With token reuse the ID token is the app's bearer.
function bearer(config, people) {
  const secretOrKeyProvider = jwksRsa.passportJwtSecret({
    cache: true,
    cacheMaxAge: 60_000,
    jwksUri: config.serverMetadata().jwks_uri,
  });
  const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();
  return new JwtStrategy({ jwtFromRequest, secretOrKeyProvider }, (claims, done) => {
    done(null, people.find(claims).found ?? false);
  });
}

// Hands the tokens of token reuse to the browser; an answer without an ID token signs out.
function keepTokens(res, tokens) {
  assert.ok(tokens.id_token && tokens.refresh_token, 'each answer brings an ID token and a refresh token');
  res.cookie('refreshToken', tokens.refresh_token, { httpOnly: true, sameSite: 'strict' });
  res.cookie('token_provider', 'openid', { httpOnly: true, sameSite: 'strict' });
  return tokens.id_token;
}

const cookie = (req, name) => new RegExp(`(?:^|; )${name}=([^;]*)`).exec(req.headers.cookie ?? '')?.[1];

function refresh(settings, config) {
  return async (req, res) => {
    try {
      const token = decodeURIComponent(cookie(req, 'refreshToken'));
      const tokens = await client.refreshTokenGrant(config, token, { scope: settings.OPENID_SCOPE });
      res.send({ token: keepTokens(res, tokens) });
    } catch (error) {
      res.status(403).send(`${error.error ?? error}`);
    }
  };
}

// Where its logout button sends the browser: mostly without a hint.
function logout(settings, config) {
  return (req, res) => {
    const { end_session_endpoint: endpoint } = config.serverMetadata();
    const to = endpoint && new URL(endpoint);
    to?.searchParams.set('client_id', settings.OPENID_CLIENT_ID);
    to?.searchParams.set('post_logout_redirect_uri', `${settings.DOMAIN_CLIENT}/login`);
    if (to && req.query.hint) to.searchParams.set('id_token_hint', req.session.idToken);
    res.clearCookie('refreshToken').clearCookie('token_provider');
    req.session.destroy(() => res.send({ redirect: to?.href }));
  };
}

const page = (title) => `<!doctype html><title>${title}</title><h1>${title}</h1>`;

async function startLibreChat(settings) {
  const calls = [];
  const config = await discover(settings, calls);
  const people = new People();
  const passport = new Passport();
  passport.use('openid', strategy(settings, config, people));
  passport.use('openidJwt', bearer(config, people));

  const app = express();
  const port = new URL(settings.DOMAIN_SERVER).port;
  const store = { secret: settings.OPENID_SESSION_SECRET, resave: false, saveUninitialized: false, name: `sid_${port}` };
  app.use(expressSession(store));
  app.get('/oauth/openid', (req, res, next) =>
    passport.authenticate('openid', { session: false, state: client.randomState() })(req, res, next));
  app.get(
    settings.OPENID_CALLBACK_URL,
    passport.authenticate('openid', { session: false, failureRedirect: '/login?redirect=false&error=auth_failed' }),
    (req, res) => {
      const { person, tokens } = req.user;
      if (settings.OPENID_REUSE_TOKENS === 'true') keepTokens(res, tokens);
      Object.assign(req.session, { email: person.email, idToken: tokens.id_token });
      res.redirect('/');
    },
  );
  app.get('/', (req, res) => {
    const person = people.list.find((it) => it.email === req.session.email);
    res.send(page(person ? `${person.name} is ${person.role}` : 'Nobody is signed in'));
  });
  app.get('/login', (req, res) => res.send(page(req.query.error ?? 'Sign in')));
  app.post('/api/auth/refresh', refresh(settings, config));
  app.post('/api/auth/logout', logout(settings, config));
  app.get('/api/user', passport.authenticate('openidJwt', { session: false }), (req, res) => res.send(req.user));

  const server = app.listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  return { settings, calls, people, url: settings.DOMAIN_CLIENT, stop: () => server.close().closeAllConnections() };
}

module.exports = { startLibreChat };
