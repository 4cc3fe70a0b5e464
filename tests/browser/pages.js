// Every page, and every state of it that looks different. To add one: a line here.

const { BASE, stranger, fillSignIn, fillSignUp, signIn, signOut, person, postern } = require('./world');

const at = (path) => (page) => page.goto(BASE + path);

// `go` brings a fresh visitor to the page; `who` has an account and is not signed in yet.
const pages = {
  login: at('/login'),
  'login-wrong': async (page, who) => {
    await page.goto(`${BASE}/login`);
    await fillSignIn(page, { ...who, password: 'not this one' });
    await page.getByRole('alert').waitFor();
  },
  'login-banned': async (page) => {
    const banned = await person();
    postern('user', 'ban', banned.email, '--for', '2h', '--reason', 'A test');
    await page.goto(`${BASE}/login`);
    await fillSignIn(page, banned);
    await page.getByText(/banned/i).first().waitFor();
  },
  register: at('/register'),
  'register-problems': async (page) => {
    await page.goto(`${BASE}/register`);
    // The browser would stop an address without a domain itself.
    await page.evaluate(() => document.querySelector('form').setAttribute('novalidate', ''));
    await fillSignUp(page, { name: 'Maren Olsen', email: 'maren@', password: 'password1' });
    await page.getByRole('alert').waitFor();
  },
  'register-done': async (page) => {
    await page.goto(`${BASE}/register`);
    await fillSignUp(page, stranger());
    await page.waitForURL(`${BASE}/login*`);
  },
  account: signIn,
  'account-menu': async (page, who) => {
    await signIn(page, who);
    await page.getByText(/: menu$/).locator('..').click();
  },
  'account-name': async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/account/name`);
  },
  'account-security': async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/account/security`);
  },
  'account-security-problems': async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/account/security`);
    await page.getByLabel('Present password', { exact: true }).fill('not this one');
    await page.getByLabel('New password', { exact: true }).fill('gravel tulip ferry nine');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByRole('alert').waitFor();
  },
  devices: async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/account/sessions`);
  },
  logout: async (page, who) => {
    await signIn(page, who);
    await page.goto(`${BASE}/logout`);
  },
  'signed-out': async (page, who) => {
    await signIn(page, who);
    await signOut(page);
  },
  'not-found': at('/no-such-page'),
  forged: async (page, who) => {
    await page.goto(`${BASE}/login`);
    await page.context().clearCookies();
    await fillSignIn(page, who);
    await page.waitForLoadState();
  },
};

module.exports = { pages };
