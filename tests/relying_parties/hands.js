// A Chromium for apps in other languages. POST / with { browser, address, who, press, heading, url }: opens the address in
// the browser of that name, which is fresh at its first use, signs in as `who` where it is asked to, presses the buttons
// that `press` names, waits for `heading` or `url`, and answers with the address and the text of where that ended.
// Anything else that it is asked for is a page, so that apps without a server of their own can be answered here.

const { once } = require('node:events');
const { createServer } = require('node:http');
const { json } = require('node:stream/consumers');
const { launch, context, fillSignIn, ISSUER } = require('./world');

const isSignIn = (url) => `${url}`.startsWith(`${ISSUER}/login`);
const browsers = new Map();

async function pageOf(chromium, name) {
  if (!browsers.has(name)) browsers.set(name, await (await context(chromium)).newPage());
  return browsers.get(name);
}

async function go(chromium, { browser, address, who, press = [], heading, url }) {
  const page = await pageOf(chromium, browser);
  await page.goto(address);
  if (who && isSignIn(page.url())) {
    await fillSignIn(page, who);
    await page.waitForURL((url) => !isSignIn(url));
  }
  for (const name of press) await page.getByRole('button', { name, exact: true }).click();
  if (heading) await page.getByRole('heading', { name: heading }).waitFor();
  if (url) await page.waitForURL(url);
  return { url: page.url(), text: await page.locator('body').innerText() };
}

async function main() {
  const chromium = await launch();
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') return response.end('done');
    try {
      response.end(JSON.stringify(await go(chromium, await json(request))));
    } catch (error) {
      response.writeHead(500).end(`${error.stack}`);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
  process.once('SIGTERM', async () => {
    await chromium.close();
    process.exit();
  });
}

main();
