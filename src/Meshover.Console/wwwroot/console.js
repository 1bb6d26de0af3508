// What the pages need of the browser beside Blazor: times in the viewer's zone, dialogs, copying, theme and language, the one-time sign-in link.
(() => {
  'use strict';
  // Of the language of the page, the viewer's own form: en-GB writes dates otherwise than en-US.
  const page = document.documentElement.lang;
  const language = navigator.languages.find(one => one.split('-')[0] === page) ?? page;
  const day = new Intl.DateTimeFormat(language, { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const since = new Intl.RelativeTimeFormat(language, { numeric: 'always', style: 'narrow' });

  function ago(then) {
    const seconds = Math.round((then - Date.now()) / 1000);
    if (Math.abs(seconds) < 90) return since.format(Math.min(seconds, 0), 'second');
    if (Math.abs(seconds) < 5400) return since.format(Math.round(seconds / 60), 'minute');
    if (Math.abs(seconds) < 129600) return since.format(Math.round(seconds / 3600), 'hour');
    return since.format(Math.round(seconds / 86400), 'day');
  }

  // <mo-time at="2026-01-02T03:04:05Z" relative>
  const relative = new Set();
  class MoTime extends HTMLElement {
    static observedAttributes = ['at', 'relative'];
    connectedCallback() { if (this.hasAttribute('relative')) relative.add(this); this.write(); }
    disconnectedCallback() { relative.delete(this); }
    attributeChangedCallback() { if (this.isConnected) this.write(); }
    write() {
      const then = new Date(this.getAttribute('at'));
      const text = this.hasAttribute('relative') ? ago(then) : day.format(then);
      if (this.textContent !== text) this.textContent = text;
      this.title = then.toISOString();
    }
  }
  customElements.define('mo-time', MoTime);
  setInterval(() => relative.forEach(time => time.write()), 1000);

  window.meshover = {
    open: dialog => { if (!dialog.open) dialog.showModal(); },
    close: dialog => dialog.close(),
    // Answers before it goes.
    leave: path => { setTimeout(() => location.assign(path), 0); },
  };

  function remember(name, value) {
    document.cookie = `${name}=${value}; path=/; max-age=31536000; secure; samesite=lax`;
  }

  document.addEventListener('click', event => {
    const button = event.target.closest?.('button');
    if (!button) return;
    if (button.dataset.language) {
      remember('meshover-language', button.dataset.language);
      location.reload();
    } else if (button.dataset.switch === 'theme') {
      const root = document.documentElement;
      const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
      root.dataset.theme = isDark ? 'light' : 'dark';
      remember('meshover-theme', root.dataset.theme);
      dispatchEvent(new Event('meshover-theme'));
    } else if (button.dataset.copy) {
      const said = button.textContent;
      navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent).then(() => {
        button.textContent = '✓';
        setTimeout(() => { button.textContent = said; }, 1500);
      });
    }
  });

  // A link of one use has its token behind the "#", which browsers send to nobody.
  const door = document.querySelector('form[data-sign-in]');
  if (door && location.hash.length > 1) {
    door.elements.token.value = decodeURIComponent(location.hash.slice(1));
    history.replaceState(null, '', location.pathname + location.search);
    door.submit();
  }

  // A controller that was started anew knows the page no more.
  document.getElementById('components-reconnect-modal')?.addEventListener('components-reconnect-state-changed', event => {
    if (event.detail.state === 'rejected') location.reload();
  });
})();
