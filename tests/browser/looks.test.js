// How every page looks and speaks: dark and light, three widths, no violation that axe finds, nothing cut off.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { join } = require('node:path');
const axe = require('axe-core');
const { BASE, launch, person, watch, noFaults } = require('./world');
const { pages } = require('./pages');

const WIDTHS = { 320: 640, 768: 1024, 1440: 900 };
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let browser;
let who;
before(async () => {
  browser = await launch();
  who = await person();
});
after(() => browser.close());

async function violations(page) {
  // Evaluated rather than added to the page: its content policy stays in force.
  await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate(
    (values) => axe.run(document, { runOnly: { type: 'tag', values } }), RULES);
  return found.flatMap((it) => it.nodes.map((node) => `${it.id}: ${node.html} ${node.failureSummary}`));
}

// What a finger must hit: each control that is not a link in a line of text.
const tooSmall = (page) => page.evaluate(() => {
  const controls = [...document.querySelectorAll('button, select, textarea, summary, input:not([type=hidden])')];
  const shown = controls.filter((it) => it.checkVisibility({ visibilityProperty: true }));
  const box = (it) => it.getBoundingClientRect();
  const area = (it) => (it.matches('[type=checkbox], [type=radio]') && it.closest('label')) || it;
  return shown.filter((it) => box(area(it)).height < 43.5 || box(area(it)).width < 43.5).map((it) => it.outerHTML);
});

for (const [name, go] of Object.entries(pages)) {
  test(`the page ${name}`, async (t) => {
    for (const [width, height] of Object.entries(WIDTHS)) {
      for (const colorScheme of ['light', 'dark']) {
        await t.test(`${colorScheme} at ${width}`, async () => {
          const touch = width === '320';
          const context = await browser.newContext({
            colorScheme, viewport: { width: Number(width), height }, hasTouch: touch, reducedMotion: 'reduce',
          });
          const page = await watch(context);
          await go(page, who);
          await page.screenshot({
            path: join(process.env.SCREENSHOTS, `${name}-${colorScheme}-${width}.png`), fullPage: true,
          });
          const sideways = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
          assert.equal(await page.evaluate(sideways), 0, 'it scrolls sideways');
          assert.deepEqual(await violations(page), []);
          if (touch) assert.deepEqual(await tooSmall(page), [], 'smaller than 44 px');
          noFaults(page);
          await context.close();
        });
      }
    }
  });
}

test('dark pages are dark', async () => {
  const lightness = async (colorScheme) => {
    const page = await (await browser.newContext({ colorScheme })).newPage();
    await page.goto(`${BASE}/login`);
    const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    return colour.match(/\d+/g).slice(0, 3).reduce((sum, it) => sum + Number(it), 0);
  };
  assert.ok((await lightness('dark')) < 150 && (await lightness('light')) > 600);
});

test('the login page weighs less than 25 KB in all', async () => {
  const page = await watch(await browser.newContext());
  const bodies = [];
  page.on('response', (it) => bodies.push(it.body()));
  await page.goto(`${BASE}/login`, { waitUntil: 'networkidle' });
  const weight = (await Promise.all(bodies)).reduce((sum, body) => sum + body.length, 0);
  assert.ok(weight > 1000 && weight < 25 * 1024, `${weight} bytes`);
  noFaults(page);
});

test('text can be enlarged to twice its size', async () => {
  const page = await watch(await browser.newContext({ viewport: { width: 640, height: 900 } }));
  await page.goto(`${BASE}/register`);
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  const sideways = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
  assert.equal(await page.evaluate(sideways), 0, 'it scrolls sideways');
});
