// Signs up, signs in and introspects through openapi-fetch, typed by what openapi-typescript generates.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { paths } from './postern.js';

const { POSTERN_URL, INTROSPECT_CLIENT_ID, INTROSPECT_CLIENT_SECRET } = process.env;
const postern = createClient<paths>({ baseUrl: POSTERN_URL });
const email = `${randomBytes(6).toString('hex')}@example.com`;
const password = randomBytes(12).toString('base64url');

async function main(): Promise<void> {
  const signUp = await postern.POST('/api/auth/register', {
    body: { name: 'Ada TypeScript', email, password, confirm_password: password },
  });
  assert.ok(signUp.data?.message, JSON.stringify(signUp.error));

  const signIn = await postern.POST('/api/auth/login', { body: { email, password } });
  assert.ok(signIn.data, JSON.stringify(signIn.error));
  assert.equal(signIn.data.user.email, email);

  const basic = Buffer.from(`${INTROSPECT_CLIENT_ID}:${INTROSPECT_CLIENT_SECRET}`).toString('base64');
  const introspect = (token: string) =>
    postern.POST('/oauth2/introspect', {
      body: { token },
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    });
  const live = await introspect(signIn.data.token);
  assert.equal(live.data?.active, true);
  assert.equal(live.data?.email, email);
  assert.equal(live.data?.sub, signIn.data.user.id);
  const dead = await introspect('made-up');
  assert.deepEqual(dead.data, { active: false });

  const refused = await postern.POST('/api/auth/login', { body: { email, password: 'not this one' } });
  assert.equal(refused.response.status, 401);
  assert.ok(refused.error?.message);
  console.log('the TypeScript client signed up, signed in and introspected');
}

void main();
