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
  // Without all of these it shows no button.
  for (const name of ['ALLOW_SOCIAL_LOGIN', 'OPENID_CLIENT_ID', 'OPENID_CLIENT_SECRET', 'OPENID_ISSUER', 'OPENID_SCOPE',
    'OPENID_SESSION_SECRET']) assert.ok(settings[name], name);
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

function strategy(settings, config, people, path) {
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
  const callbackURL = `${settings.DOMAIN_SERVER}${path}`;
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
function keepTokens(req, res, tokens) {
  assert.ok(tokens.id_token && tokens.refresh_token, 'each answer brings an ID token and a refresh token');
  req.session.idToken = tokens.id_token;
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
      res.send({ token: keepTokens(req, res, tokens) });
    } catch (error) {
      res.status(403).send(`${error.error ?? error}`);
    }
  };
}

// Where its logout button sends the browser: with its ID token, which it has on our tokens alone; where that makes the
// address too long, with the person's address; else as the client that it is.
function logout(settings, config) {
  return (req, res) => {
    const { idToken, email } = req.session;
    const to = new URL(config.serverMetadata().end_session_endpoint);
    to.searchParams.set('post_logout_redirect_uri', `${settings.DOMAIN_CLIENT}/login`);
    if (idToken) to.searchParams.set('id_token_hint', idToken);
    if (to.href.length > Number(settings.OPENID_MAX_LOGOUT_URL_LENGTH ?? 2000)) {
      to.searchParams.delete('id_token_hint');
      to.searchParams.set('logout_hint', email);
    }
    if (!to.searchParams.has('id_token_hint')) to.searchParams.set('client_id', settings.OPENID_CLIENT_ID);
    const redirect = settings.OPENID_USE_END_SESSION_ENDPOINT === 'true' ? to.href : undefined;
    res.clearCookie('refreshToken').clearCookie('token_provider');
    req.session.destroy(() => res.send({ redirect }));
  };
}

const page = (title) => `<!doctype html><title>${title}</title><h1>${title}</h1>`;

// A way in: where it begins, where it is answered, where it ends.
function door(app, passport, settings, { name, begin, answer, end }) {
  app.get(begin, (req, res, next) =>
    passport.authenticate(name, { session: false, state: client.randomState() })(req, res, next));
  app.get(
    answer,
    passport.authenticate(name, { session: false, failureRedirect: '/login?redirect=false&error=auth_failed' }),
    (req, res) => {
      const { person, tokens } = req.user;
      if (settings.OPENID_REUSE_TOKENS === 'true') keepTokens(req, res, tokens);
      req.session.email = person.email;
      res.redirect(end);
    },
  );
}

async function startLibreChat(settings) {
  const calls = [];
  const config = await discover(settings, calls);
  const people = new People();
  const passport = new Passport();
  const doors = [
    { name: 'openid', begin: '/oauth/openid', answer: settings.OPENID_CALLBACK_URL, end: '/' },
    // Its panel for administrators has a way in of its own, which is not in its settings.
    { name: 'openidAdmin', begin: '/api/admin/oauth/openid', answer: '/api/admin/oauth/openid/callback', end: '/admin' },
  ];
  for (const it of doors) passport.use(it.name, strategy(settings, config, people, it.answer));
  passport.use('openidJwt', bearer(config, people));

  const app = express();
  const port = new URL(settings.DOMAIN_SERVER).port;
  const store = { secret: settings.OPENID_SESSION_SECRET, resave: false, saveUninitialized: false, name: `sid_${port}` };
  app.use(expressSession(store));
  for (const it of doors) door(app, passport, settings, it);
  app.get(['/', '/admin'], (req, res) => {
    const person = people.list.find((it) => it.email === req.session.email);
    res.send(page(person ? `${person.name} is ${person.role}` : 'Nobody is signed in'));
  });
  app.get('/login', (req, res) => res.send(page(req.query.error ?? 'Sign in')));
  app.post('/api/auth/refresh', refresh(settings, config));
  app.post('/api/auth/logout', logout(settings, config));
  app.get('/api/user', passport.authenticate('openidJwt', { session: false }), (req, res) => res.send(req.user));

  const server = app.listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  const redeem = (token) => client.refreshTokenGrant(config, token);
  return { settings, calls, people, redeem, url: settings.DOMAIN_CLIENT, stop: () => server.close().closeAllConnections() };
}

module.exports = { startLibreChat };
