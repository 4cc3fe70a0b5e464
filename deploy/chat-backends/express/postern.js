// Who is asking? One call to Postern for each request; the connection is kept between calls.

const { POSTERN_URL = 'http://localhost:3081', INTROSPECT_CLIENT_ID: id, INTROSPECT_CLIENT_SECRET: secret } = process.env;
const encoded = [id, secret].map(encodeURIComponent).join(':');
const authorization = `Basic ${Buffer.from(encoded).toString('base64')}`;

async function introspect(token) {
  const answer = await fetch(`${POSTERN_URL}/oauth2/introspect`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams({ token }),
    redirect: 'error',
    signal: AbortSignal.timeout(2000),
  });
  if (!answer.ok) throw new Error(`Postern answered ${answer.status}`);
  return answer.json();
}

// Lets a request pass with `req.user`, or answers 401. No answer from Postern is a 503, never a yes.
async function signedIn(req, res, next) {
  const [, token] = /^Bearer ([^\s]+)$/i.exec(req.get('authorization') ?? '') ?? [];
  const refuse = () => res.status(401).set('WWW-Authenticate', 'Bearer').json({ message: 'Sign in to go on.' });
  if (!token) return refuse();
  let user;
  try {
    user = await introspect(token);
  } catch (error) {
    console.error('introspection failed:', error.cause?.code ?? error.message);
    return res.status(503).set('Retry-After', '1').json({ message: 'Signing in is not possible just now.' });
  }
  if (user.active !== true) return refuse();
  req.user = user;
  next();
}

module.exports = { signedIn };
