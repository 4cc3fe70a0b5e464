// A throw-away Apache with mod_auth_openidc before an app that shows what reaches it. It has a folder and a
// configuration of its own; nothing of the machine's is read or started.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { until } = require('./world');

const MODULES = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'proxy', 'proxy_http', 'auth_openidc'];

// As root Apache gives its processes to another user, and refuses to go on without one.
const USER = process.getuid() === 0 ? 'User www-data\nGroup www-data' : '';

// The configuration of all `sites`, each of them lines of its own and a port.
const configuration = (folder, app, sites) => `
ServerRoot ${folder}
ServerName 127.0.0.1
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
ErrorLog ${process.env.FOLDER}/apache.log
LogLevel warn auth_openidc:info
${USER}
${MODULES.map((it) => `LoadModule ${it}_module /usr/lib/apache2/modules/mod_${it}.so`).join('\n')}
StartServers 1
${sites.map(({ port, lines }) => `
Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
${lines}
OIDCCABundlePath ${folder}/ca.pem
ProxyPass /oidc !
ProxyPass / ${app}/
</VirtualHost>`).join('\n')}
`;

// What reached it, as a page: the path, and what the module put into the request's head.
async function startApp() {
  const server = createServer((request, response) => {
    const told = Object.entries(request.headers).filter(([name]) => name.startsWith('oidc_') || name === 'x-remote-user');
    response.setHeader('content-type', 'text/plain').end(JSON.stringify({ path: request.url, ...Object.fromEntries(told) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close().closeAllConnections() };
}

async function startApache(sites) {
  const app = await startApp();
  const folder = mkdtempSync(join(tmpdir(), 'apache-'));
  // The other user reads the certificate, and nothing else here.
  chmodSync(folder, 0o711);
  writeFileSync(`${folder}/ca.pem`, readFileSync(process.env.NODE_EXTRA_CA_CERTS), { mode: 0o644 });
  writeFileSync(`${folder}/conf`, configuration(folder, app.url, sites), { mode: 0o600 });
  const server = spawn('/usr/sbin/apache2', ['-f', `${folder}/conf`, '-DFOREGROUND'], { stdio: 'inherit' });
  const ended = once(server, 'exit');
  const stop = async () => {
    server.kill();
    await ended;
    app.stop();
    rmSync(folder, { recursive: true });
  };
  const answers = () => fetch(`http://127.0.0.1:${sites[0].port}/bye`).then(() => true, () => false);
  try {
    await until('Apache answers', async () => {
      assert.equal(server.exitCode, null, 'Apache ended');
      return answers();
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

module.exports = { startApache };
