// Makes a key for the apps that prove themselves by one, and declares them, for only a file says what key a client has:
// keys.js FOLDER PORT, PORT being where Apache will take answers in forms.

const { generateKeyPairSync } = require('node:crypto');
const { writeFileSync } = require('node:fs');

const [folder, port] = process.argv.slice(2);
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { n, e } = publicKey.export({ format: 'jwk' });

// Answers end on whatever port of 127.0.0.1 is free (RFC 8252 section 7.3).
const client = (id, more) => {
  const about = {
    client_id: id,
    token_endpoint_auth_method: 'private_key_jwt',
    redirect_uris: ['http://127.0.0.1/cb'],
    trusted: true,
    introspect: 'own',
    ...more,
  };
  const lines = Object.entries(about).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const key = `kty = "RSA", kid = "app", n = "${n}", e = "${e}"`;
  return ['[[client]]', ...lines, `jwks = { keys = [{ ${key} }] }`, ''].join('\n');
};

const site = `http://127.0.0.1:${port}`;
writeFileSync(`${folder}/app.key.pem`, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
writeFileSync(`${folder}/app.pem`, publicKey.export({ type: 'spki', format: 'pem' }));
writeFileSync(`${folder}/clients.toml`, [
  client('keys-openid-client-5'),
  client('keys-openid-client-6'),
  client('keys-authlib'),
  client('keys-apache', {
    redirect_uris: [`${site}/oidc`],
    backchannel_logout_uri: `${site}/oidc?logout=backchannel`,
    id_token_signed_response_alg: 'ES256',
    userinfo_signed_response_alg: 'RS256',
  }),
].join('\n'), { mode: 0o600 });
