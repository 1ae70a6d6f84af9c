// Shows a preview of a site as it is now: loads the page again when its file was rewritten, and says what is wrong when the site
// cannot be built. The page's policy allows no inline styles, so everything is set through element.style.
(() => {
  const { site, page, version } = document.currentScript.dataset;
  const memory = `missive-reload:${site}/${page}`;
  let source, shown, closed;

  // Should the server name a version that loading again does not bring, one try is enough: a page that reloads for ever cannot be read.
  function renew(to) {
    try {
      if (sessionStorage.getItem(memory) === to) return;
      sessionStorage.setItem(memory, to);
    } catch { return; } // without a memory nothing would end the circle
    location.reload();
  }

  function element(tag, style, text = '') {
    const made = document.createElement(tag);
    Object.assign(made.style, style);
    made.textContent = text;
    return made;
  }

  function complain(error) {
    if (error && error === closed) return;
    shown?.remove();
    shown = closed = null;
    if (!error) return;
    const face = { font: '15px/1.5 system-ui, sans-serif', color: '#25221d' };
    shown = element('div', { ...face, position: 'fixed', inset: 'auto 1rem 1rem', zIndex: 2147483647, maxWidth: '46rem', margin: '0 auto',
      padding: '1rem 1.2rem', background: '#fefcf8', border: '2px solid #93301f', borderRadius: '4px', boxShadow: '0 .3rem 2rem rgb(0 0 0 / .3)', textAlign: 'left', direction: 'ltr' });
    const close = element('button', { ...face, cssFloat: 'right', marginInlineStart: '1rem', padding: '.15rem .8rem', background: 'none', border: '1px solid #6c655a', borderRadius: '3px', cursor: 'pointer' }, 'Close');
    close.type = 'button';
    close.onclick = () => { closed = error; shown.remove(); shown = null; };
    const text = element('pre', { margin: '.4rem 0 0', padding: 0, border: 0, background: 'none', color: 'inherit', font: '13px/1.5 ui-monospace, monospace', whiteSpace: 'pre-wrap', overflow: 'auto', maxHeight: '40vh' }, error);
    text.tabIndex = 0;
    shown.append(close, element('strong', { fontWeight: 'bold', color: '#93301f' }, 'This site cannot be built'), text);
    // An alert is read out when text comes into it, so it has to be there before.
    const alert = document.body.appendChild(element('div', {}));
    alert.setAttribute('role', 'alert');
    alert.append(shown);
    const inner = shown;
    shown = { remove: () => { inner.remove(); alert.remove(); } };
  }

  function look() {
    source?.close();
    source = null;
    if (document.hidden) return; // a browser opens only six connections to a host
    source = new EventSource(`/events?site=${encodeURIComponent(site)}&page=${encodeURIComponent(page)}`);
    source.addEventListener('page', e => {
      const now = JSON.parse(e.data);
      complain(now.error);
      if (now.version && now.version !== version) renew(now.version);
    });
    const mine = source;
    source.onerror = () => { if (mine.readyState === 2 && mine === source) setTimeout(() => mine === source && look(), 3000); };
  }

  document.addEventListener('visibilitychange', look);
  addEventListener('pagehide', () => { source?.close(); source = null; });
  addEventListener('pageshow', e => { if (e.persisted) look(); });
  look();
})();
