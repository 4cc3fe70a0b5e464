// Comfort only: every page works without it.
(() => {
  'use strict';
  const all = (selector, act) => document.querySelectorAll(selector).forEach(act);
  // Pages are in English; a plain `en` would put the month first.
  const language = document.documentElement.lang === 'en' ? 'en-GB' : document.documentElement.lang;

  // The eye in a password field.
  all('button[data-show]', (button) => {
    const field = document.getElementById(button.dataset.show);
    button.hidden = false;
    button.addEventListener('click', () => {
      const shown = field.type === 'password';
      field.type = shown ? 'text' : 'password';
      button.setAttribute('aria-pressed', String(shown));
      field.focus();
    });
    // A shown password would be kept by the browser's memory of typed text.
    field.form.addEventListener('submit', () => { field.type = 'password'; });
  });

  // One click, one request; a page that comes back from the browser's memory may send again.
  all('form', (form) => form.addEventListener('submit', (event) => {
    if (form.hasAttribute('aria-busy')) event.preventDefault();
    form.setAttribute('aria-busy', 'true');
  }));
  addEventListener('pageshow', () => all('form', (form) => { form.removeAttribute('aria-busy'); }));

  // Times in the person's own zone and day.
  const text = (date, form) => new Intl.DateTimeFormat(language, form).format(date);
  const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  const isToday = (date) => date.toDateString() === new Date().toDateString();
  const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone.split('/').pop().replace(/_/g, ' ');
  const forms = {
    day: (date) => text(date, { day: 'numeric', month: 'long', year: 'numeric' }),
    moment: (date) => `${isToday(date) ? 'Today' : forms.day(date)}, ${text(date, clock)} (${zone()})`,
    at: (date) => (isToday(date) ? '' : `on ${text(date, { day: 'numeric', month: 'long' })} `) + `at ${text(date, clock)}`,
  };
  all('time[data-as]', (time) => {
    const date = new Date(time.dateTime);
    if (isNaN(date)) return;
    const form = forms[time.dataset.as];
    if (form) time.textContent = form(date);
    else time.title = forms.moment(date);
  });

  // Where tabs do not all fit, the one that is open is seen.
  all('nav [aria-current]', (tab) => tab.scrollIntoView({ block: 'nearest', inline: 'nearest' }));

  // The menu closes like any other.
  all('details.menu', (menu) => {
    addEventListener('click', (event) => { if (!menu.contains(event.target)) menu.open = false; });
    menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !menu.open) return;
      menu.open = false;
      menu.querySelector('summary').focus();
    });
  });

  // An answer to an app that wants it as a form.
  all('form[data-send]', (form) => form.submit());

  if (!navigator.cookieEnabled) all('[data-no-cookies]', (hint) => { hint.hidden = false; });
})();
