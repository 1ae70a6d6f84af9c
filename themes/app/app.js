// What a script adds to the app: it stays up to date, marks what was read, keeps drafts, and listens to keys.
// Nothing depends on it; each action is a link or a form as well, and the server renders all there is to see.

const $ = (what, where = document) => where.querySelector(what);
const all = (what, where = document) => [...where.querySelectorAll(what)];
const kind = document.body.classList[0];
const enc = encodeURIComponent;
const ROWS = '.item, .channels > li, .results > li, .drafts > li';

/** For those who listen to the page. An equal text twice would not be read out, so it is emptied first. */
function say(text) {
  $('#said').textContent = '';
  setTimeout(() => { $('#said').textContent = text; }, 50);
}

function make(tag, props = {}, ...inside) {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...inside);
  return made;
}

const button = (text, onclick) => make('button', { type: 'button', onclick }, text);

/** One request with JSON both ways. `status` of an error is 0 when the server could not be reached. */
async function ask(method, url, json, headers = {}) {
  let answer;
  try {
    answer = await fetch(url, { method, body: json && JSON.stringify(json), headers: { ...(json && { 'Content-Type': 'application/json' }), ...headers } });
  } catch {
    throw Object.assign(new Error('missive does not answer'), { status: 0 });
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error([said.error ?? `status ${answer.status}`, said.hint].filter(Boolean).join(' ')), { status: answer.status });
  return said;
}

async function fetchPage(url) {
  const answer = await fetch(url, { headers: { Accept: 'text/html' } });
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null;
}

// ---- Events

/**
 * Calls `take` with every event. A browser opens only six connections to a host, so one tab holds the stream for all of them and
 * tells the others; where there are no locks (plain http in a local network) each tab holds one for as long as it is seen.
 */
function listen(take) {
  const shared = navigator.locks && window.BroadcastChannel;
  let last = Number(document.body.dataset.seq) || 0;
  let broken = false;
  let source, wire, waiting, release;

  const pass = event => {
    if (event.id) last = event.id;
    wire?.postMessage({ event });
    take(event, true);
  };

  function open() {
    source?.close();
    const mine = source = new EventSource('/events' + (last ? `?after=${last}` : ''));
    for (const type of ['message', 'channel', 'refresh']) {
      mine.addEventListener(type, e => pass({ type, id: Number(e.lastEventId) || 0, ...JSON.parse(e.data) }));
    }
    mine.onopen = () => {
      if (broken && !last) pass({ type: 'refresh' }); // what was missed is not known
      broken = false;
    };
    mine.onerror = () => {
      broken = true;
      if (mine.readyState === EventSource.CLOSED) setTimeout(() => mine === source && open(), 4000);
    };
  }

  function join() {
    wire = new BroadcastChannel('missive');
    wire.onmessage = ({ data }) => {
      if (data.event) {
        if (data.event.id) last = data.event.id;
        take(data.event, false);
      } else if (data.seen) {
        seen.add(data.seen);
      } else if (source && data.hello && data.hello < last) {
        wire.postMessage({ event: { type: 'refresh', id: last } }); // that page was made before the newest event
      }
    };
    if (last) wire.postMessage({ hello: last });
    waiting = new AbortController();
    navigator.locks.request('missive-events', { signal: waiting.signal }, () => new Promise(done => {
      release = done;
      open();
    })).catch(() => {});
  }

  function leave() {
    waiting?.abort();
    source?.close();
    wire?.close();
    release?.();
    source = wire = release = null;
  }

  const begin = shared ? join : () => { if (!document.hidden) open(); };
  const again = () => {
    leave();
    begin();
    if (!document.hidden) take({ type: 'refresh' });
  };
  begin();
  addEventListener('pagehide', leave); // who holds a lock or a stream cannot be kept for the back button
  addEventListener('pageshow', e => { if (e.persisted) again(); });
  if (!shared) document.addEventListener('visibilitychange', again);
  return { seen: key => wire?.postMessage({ seen: key }) };
}

const seen = new Set();

function onEvent(event, first) {
  if (event.type === 'message' && event.box === 'inbox') {
    say(`New message in ${event.title}`);
    if (!document.hidden) line.seen(event.key);
    else if (first) setTimeout(() => notify(event), 400); // long enough for a tab that is seen to say so
  }
  refreshSoon();
}

function notify(event) {
  if (seen.delete(event.key) || !document.hidden || window.Notification?.permission !== 'granted') return;
  const note = new Notification(event.title, { body: event.label, tag: event.key, icon: '/app/icon.svg' });
  note.onclick = () => { window.focus(); location.href = event.url; };
}

function offerNotifications() {
  const place = $('#notify');
  if (!place || window.Notification?.permission !== 'default') return;
  place.hidden = false;
  $('button', place).onclick = async () => {
    await Notification.requestPermission();
    place.hidden = true;
    $('#main').focus();
  };
}

// ---- The page as it would be now

let due, stale;

/** A folder that fills brings many events a second; what is not seen can wait longer still. */
function refreshSoon() {
  stale = true;
  due ??= setTimeout(refresh, document.hidden ? 3000 : 250);
}

async function refresh() {
  stale = false;
  const page = await fetchPage(location.pathname + location.search).catch(() => null);
  due = null;
  if (page) keepFocus(() => update(page));
  if (stale) refreshSoon();
}

function update(page) {
  document.title = page.title;
  document.body.className = page.body.className; // the first page becomes another one with the first channel
  for (const id of ['nav-drafts', 'side', 'top']) same($('#' + id), page.getElementById(id));
  const old = $('#live'), live = page.getElementById('live');
  if (!old || !live || old.contains(document.activeElement?.closest('input:not([type=hidden]), textarea'))) return;
  if ($('.item', old) || $('.item', live)) updateItems(old, live);
  else same(old, live);
  same($('main > .turn'), $('main > .turn', page));
}

/** Makes `old` like `fresh` and leaves alone what is alike already, for the sake of focus, selection and scrolling. */
function same(old, fresh) {
  if (!old || !fresh || old.isEqualNode(fresh)) return;
  if (old.nodeType === Node.TEXT_NODE && fresh.nodeType === Node.TEXT_NODE) {
    old.data = fresh.data;
  } else if (old.nodeName === fresh.nodeName && old.childNodes.length === fresh.childNodes.length) {
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== 'tabindex') old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    [...old.childNodes].forEach((child, i) => same(child, fresh.childNodes[i]));
  } else {
    old.replaceWith(document.importNode(fresh, true)); // a copy, so that no index shifts
  }
}

/** If what had the focus was replaced, its likeness gets it. */
function keepFocus(change) {
  const had = document.activeElement;
  const mark = had?.closest('[data-url]')?.dataset.url;
  change();
  if (!had || had === document.body || had.isConnected) return;
  const near = mark && all('[data-url]').find(e => e.dataset.url === mark);
  const like = e => e.getAttribute('href') === had.getAttribute('href') && e.value === had.value;
  (all(had.nodeName, near ?? document).find(like) ?? near ?? $('#main')).focus({ preventScroll: true });
}

function updateItems(list, live) {
  const fresh = all('.item', live), old = all('.item', list);
  const find = (items, item) => items.find(e => e.dataset.key === item.dataset.key);
  const keep = holdStill(old);
  // What stands after the last one that both have was pushed to the next page, and may stay; what is missing before it is gone.
  const last = old.findLastIndex(e => find(fresh, e));
  let next = old[last + 1] ?? null;
  old.forEach((item, at) => { if ((at < last || last < 0) && !find(fresh, item)) item.remove(); });
  const added = [];
  for (const item of fresh.reverse()) {
    const here = find(old, item) ?? document.importNode(item, true);
    if (here.isConnected) {
      updateItem(here, item);
    } else {
      here.classList.add('fresh');
      list.insertBefore(here, next?.isConnected ? next : null);
      prepareItem(here);
      added.push(here);
    }
    next = here;
  }
  $(':scope > .empty', list)?.remove();
  if (!fresh.length) same(list, live);
  keep();
  pointUp(added);
}

function updateItem(item, fresh) {
  setState(item, { unread: fresh.classList.contains('unread'), starred: fresh.classList.contains('starred') });
  if (all('audio, video', item).every(e => e.paused)) same($('article', item), $('article', fresh));
}

/** What the reader reads stays where it is, whatever is put in above it. Not every browser does that by itself. */
function holdStill(items) {
  if (document.hidden && scrollY === 0) return () => {};
  const anchor = items.find(e => e.getBoundingClientRect().bottom > 0);
  const top = anchor?.getBoundingClientRect().top;
  const root = document.documentElement;
  root.style.overflowAnchor = 'none';
  return () => {
    if (anchor?.isConnected) scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: 'instant' });
    requestAnimationFrame(() => { root.style.overflowAnchor = ''; });
  };
}

let above;

/** New messages above the window are not seen: a button leads to them. */
function pointUp(added) {
  const hidden = added.filter(e => e.getBoundingClientRect().bottom < 0);
  if (!hidden.length) return;
  const count = hidden.length + (Number(above?.value) || 0);
  above?.remove();
  above = button(`${count} new message${count === 1 ? '' : 's'} above`, () => select(hidden.at(-1)));
  above.value = count;
  above.className = 'pill';
  $('#main').append(above);
  const seenNow = new IntersectionObserver(([it]) => {
    if (!it.isIntersecting) return;
    seenNow.disconnect();
    above?.remove();
    above = null;
  });
  seenNow.observe(hidden.at(-1));
}

// ---- Read, unread, starred

const restless = new Set(); // marked as unread by hand on this page: looking at them again does not undo that
const watched = new Map();

/** `unread` and `starred`; what is left out stays. */
function setState(item, state) {
  for (const [name, [ending, yes, no, undo, redo]] of Object.entries({
    unread: ['read', 'read', 'unread', 'Mark as read', 'Mark as unread'],
    starred: ['star', 'unstar', 'star', 'Remove the star', 'Star'],
  })) {
    const on = state[name], it = $(`[name=do][value$=${ending}]`, item);
    if (on === undefined || !it) continue;
    item.classList.toggle(name, on);
    it.value = on ? yes : no;
    it.textContent = on ? undo : redo;
  }
}

async function mark(item, state) {
  setState(item, state);
  const { unread, starred } = state;
  try {
    await ask('POST', $('form', item).getAttribute('action').replace('/read/', '/channels/'), unread === undefined ? { starred } : { read: !unread });
    refreshSoon();
  } catch (error) {
    setState(item, unread === undefined ? { starred: !starred } : { unread: !unread });
    say(`The message could not be marked: ${error.message}`);
  }
}

function onSubmit(event) {
  const item = event.target.closest('.item');
  const what = event.submitter?.value;
  if (item && event.submitter?.name === 'do') {
    event.preventDefault();
    if (what === 'unread') restless.add(item);
    mark(item, what.endsWith('star') ? { starred: what === 'star' } : { unread: what === 'unread' });
  } else if (event.submitter?.id === 'read-all') {
    event.preventDefault();
    const form = event.target;
    ask('POST', `/channels/${enc($('#live').dataset.channel)}/marks`, { read: true }).then(() => {
      all('.item').forEach(e => setState(e, { unread: false }));
      say('All messages are marked as read');
      refreshSoon();
    }, () => form.submit());
  }
}

/** A message is read when it was in view for a good second: half of it, or as much as fills half of the window. */
const reader = new IntersectionObserver(entries => {
  for (const { target, intersectionRatio, intersectionRect } of entries) {
    const inView = intersectionRatio >= 0.5 || intersectionRect.height >= innerHeight / 2;
    if (!inView) unwatch(target);
    else if (!watched.has(target)) {
      watched.set(target, setTimeout(() => {
        watched.delete(target);
        const item = target.closest('.item');
        if (item.matches('.unread') && !restless.has(item) && !document.hidden) mark(item, { unread: false });
      }, 1200));
    }
  }
}, { threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1] });

function unwatch(article) {
  clearTimeout(watched.get(article));
  watched.delete(article);
}

function prepareItem(item) {
  item.tabIndex = -1;
  reader.observe($('article', item));
}

/** Nothing is read in a tab that is not seen; on coming back the second begins anew. */
function watchAnew() {
  for (const article of all('.item.unread > article')) {
    unwatch(article);
    reader.unobserve(article);
    if (!document.hidden) reader.observe(article);
  }
}

// ---- Keys

let selected, prefix = 0;

function select(row) {
  if (!row) return;
  selected = row;
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: row.offsetHeight > innerHeight * 0.8 ? 'start' : 'nearest' });
}

function row() {
  return document.activeElement?.closest(ROWS) ?? (selected?.isConnected ? selected : kind === 'message' ? $('.item') : null);
}

const press = what => $(what, row() ?? new DocumentFragment())?.click();

function step(by) {
  if (kind === 'message') return $(by > 0 ? '.turn [rel=prev]' : '.turn [rel=next]')?.click(); // down a list is back in time
  const rows = all(ROWS);
  const at = rows.indexOf(row());
  // Without a choice yet, what is looked at is the first.
  select(at < 0 ? rows.find(e => e.getBoundingClientRect().top >= 0) ?? rows[0] : rows[at + by]);
}

const openRow = () => kind === 'message' || press('h2 .u-url, h2 a, .title a, .u-url');

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  o: openRow,
  Enter: openRow,
  u: () => { location.href = $('#up')?.href ?? '/'; },
  c: () => $('#nav-write').click(),
  r: () => press('.do-reply'),
  s: () => press('[value$=star]'),
  m: () => press('[value$=read]'),
  '/': () => { const field = $('#q'); if (field) field.select(); else location.href = '/search'; },
  '?': showKeys,
};
const PLACES = { h: '/', e: '/everything', d: '/drafts' };

function onKey(event) {
  const { key, target } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $('dialog[open]')) return;
  if (target.closest('input:not([type=checkbox]), textarea, select, audio, video, [contenteditable]')) return;
  if (key === 'Enter' && !target.matches(ROWS)) return; // links and buttons have a use for it themselves
  const place = event.timeStamp - prefix < 1500 ? PLACES[key] : null;
  prefix = key === 'g' ? event.timeStamp : -Infinity;
  if (place) location.href = place;
  else if (Object.hasOwn(KEYS, key)) KEYS[key]();
  else return;
  event.preventDefault();
}

async function showKeys() {
  const page = await fetchPage('/keys').catch(() => null);
  const table = page?.getElementById('keys-table');
  if (!table) return;
  table.removeAttribute('id');
  const close = button('Close', () => sheet.close());
  const head = make('h2', { id: 'keys-head' }, 'Keyboard shortcuts');
  const sheet = make('dialog', { onclose: () => sheet.remove() }, head, table, close);
  sheet.setAttribute('aria-labelledby', 'keys-head');
  document.body.append(sheet);
  sheet.showModal();
}

// ---- Begin

const line = listen(onEvent);
document.addEventListener('submit', onSubmit);
document.addEventListener('keydown', onKey);
document.addEventListener('visibilitychange', watchAnew);
all('.item').forEach(prepareItem);
offerNotifications();

export { $, all, ask, button, enc, fetchPage, make, say };
