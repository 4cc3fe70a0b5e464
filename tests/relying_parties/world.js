// What every app here needs: a client of its own, people, a browser, and the clock that all of them share.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { renameSync, writeFileSync } = require('node:fs');
const { createServer: createHttpServer } = require('node:http');
const { createServer } = require('node:net');
const browser = require('../browser/world');

const ISSUER = process.env.POSTERN_URL;

// Chromium keeps the real time: only the far ends of a sign-in have clocks that matter.
const launch = () => {
  const { LD_PRELOAD, ...env } = process.env;
  return browser.launch({ env });
};

const context = (chromium) => chromium.newContext({ ignoreHTTPSErrors: true });

let offset = 0;

// Moves the clock of the server, its commands and the apps.
function advance(minutes) {
  offset += minutes * 60;
  const clock = process.env.FAKETIME_TIMESTAMP_FILE;
  writeFileSync(`${clock}.new`, `+${offset}\n`);
  renameSync(`${clock}.new`, clock);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const told = (...args) => JSON.parse(browser.postern(...args, '--json'));

// Somebody with a confirmed address.
async function member() {
  const who = await browser.person();
  told('user', 'verify', who.email);
  return who;
}

// Opens an address that leads to the sign-in page, and signs in there.
async function signInAt(page, address, who) {
  await page.goto(address);
  assert.ok(page.url().startsWith(`${ISSUER}/login`), page.url());
  await browser.fillSignIn(page, who);
}

// Opens an address in the one browser of `who`, which knows them after the first time; answers its page.
async function visit(chromium, address, who) {
  who.page ??= await (await context(chromium)).newPage();
  await who.page.goto(address);
  if (who.page.url().startsWith(`${ISSUER}/login`)) await browser.fillSignIn(who.page, who);
  return who.page;
}

// Lets a device in by the link that it shows.
async function letIn(chromium, link, who) {
  const page = await visit(chromium, link, who);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Yes, let this device in' }).click();
  await page.getByRole('heading', { name: 'The device is let in' }).waitFor();
}

// Where an app's answers end: what the browser brings there, as an address with the fields of its form, is handed over
// by `next`.
async function landing() {
  const server = createHttpServer((request, response) => {
    const body = [];
    request.on('data', (part) => body.push(part)).on('end', () => {
      const url = new URL(request.url, it.origin);
      response.end('done', () => {
        // Browsers ask for a picture too.
        if (url.pathname === '/favicon.ico') return;
        server.emit('landed', { url, form: new URLSearchParams(Buffer.concat(body).toString()) });
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const it = { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close().closeAllConnections() };
  it.next = async () => (await once(server, 'landed'))[0];
  return it;
}

// Asks until the answer is yes: commands are felt within a second.
async function until(what, ask) {
  const end = performance.now() + 20_000;
  while (!(await ask())) {
    assert.ok(performance.now() < end, `still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

module.exports = {
  ISSUER, launch, context, advance, freePort, told, member, visit, letIn, landing, signInAt, until,
  person: browser.person, postern: browser.postern, fillSignIn: browser.fillSignIn,
};
