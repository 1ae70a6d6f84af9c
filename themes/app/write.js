// Writing: the draft saves itself, files come by dropping and pasting, the preview follows the text.

import { $, all, ask, button, enc, fetchPage, make, say } from './app.js';

const form = $('#write'), text = form?.elements.text;
const base = form && `/channels/${enc(form.dataset.channel)}/drafts`;
const draft = form?.dataset; // name and version stand in the form, where the server has put them
const state = $('#state'), problem = $('#problem'), files = $('#files');

let saved = draft?.draft || !text?.value ? text?.value : null; // what the server has
let saving, timer, tries = 0, uploads = 0, stuck = false, excused = false, leaving = false;

const settled = () => text.value === saved || (saved === '' && !text.value);
const draftUrl = () => `${base}/${enc(draft.draft)}`;
const path = () => (draft.draft ? `${draft.write}/${enc(draft.draft)}` : draft.write);

// ---- A copy in the tab, for the time in which the server does not have the text yet

const copyKey = () => `missive-draft:${draft.channel}/${draft.draft || form.elements.reply.value}`;

function keepCopy() {
  try {
    if (settled()) sessionStorage.removeItem(copyKey());
    else sessionStorage.setItem(copyKey(), text.value);
  } catch { /* no storage, no copy */ }
}

function offerCopy() {
  let copy = null;
  try { copy = sessionStorage.getItem(copyKey()); } catch { /* as above */ }
  if (copy === null || copy === text.value) return;
  trouble('This text was not saved when you left this page.', [
    ['Restore it', () => replaceText(copy)],
    ['Discard it', keepCopy],
  ], copy);
}

// ---- Saving

/** Says what is wrong and what can be done. `other` is a text to look at before choosing. */
function trouble(message, ways, other) {
  const buttons = ways.map(([name, go]) => button(name, () => {
    problem.replaceChildren();
    text.focus();
    go();
  }));
  const view = other === undefined ? [] : [make('details', {}, make('summary', {}, 'Show the other text'), make('pre', { tabIndex: 0, className: 'other' }, other))];
  problem.replaceChildren(make('p', { className: 'wrong' }, message), ...view, make('p', { className: 'quiet buttons' }, ...buttons));
}

function replaceText(value) {
  text.value = value;
  changed();
}

function changed() {
  keepCopy();
  if (stuck) return;
  if (!timer && !settled()) timer = setTimeout(save, 1000);
  previewSoon();
}

/** One save at a time; what is typed meanwhile goes with the next. Resolves to whether the server has the text. */
function save() {
  clearTimeout(timer);
  timer = null;
  if (stuck) return Promise.resolve(false);
  return saving ??= put().finally(() => {
    saving = null;
    keepCopy();
    if (!settled() && !timer && !stuck && !tries) timer = setTimeout(save, 1000);
  });
}

async function put() {
  const now = text.value;
  if (now === saved && draft.draft) return true;
  state.textContent = 'Saving…';
  try {
    if (draft.draft) {
      const match = draft.version && { 'If-Match': `"${draft.version.replaceAll('"', '')}"` };
      setVersion((await ask('PUT', draftUrl(), { text: now }, match || {})).version);
      saved = now;
    } else {
      saved = await create(now);
    }
    tries = 0;
    excused = false;
    state.textContent = 'Saved';
    return true;
  } catch (error) {
    return failed(error);
  }
}

async function create(now) {
  const reply = form.elements.reply.value;
  const old = copyKey();
  const made = await ask('POST', base, reply ? { text: now, reply } : { text: now });
  draft.draft = made.name;
  setVersion(made.version);
  try { sessionStorage.removeItem(old); } catch { /* there was none */ }
  form.setAttribute('action', path());
  history.replaceState(null, '', path());
  // An answer begins with a header that says to what; it belongs to the text from now on.
  const there = made.text ?? now;
  if (there !== now && there.endsWith(now)) {
    const by = there.length - now.length, { selectionStart, selectionEnd } = text;
    text.value = there.slice(0, by) + text.value;
    text.setSelectionRange(selectionStart + by, selectionEnd + by);
  }
  return there;
}

/** The form sends it too, so that it saves over nothing that was not seen. */
function setVersion(version) {
  draft.version = form.elements.version.value = version ?? '';
}

/** Like `put`, says whether the server has the text after all. */
function failed(error) {
  if (error.status === 412) return conflict();
  if (error.status === 404 && draft.draft) return gone();
  const again = error.status === 0 || error.status >= 500;
  state.textContent = `Not saved: ${error.message}${again ? ', trying again' : ''}`;
  if (!tries) say(state.textContent);
  tries++;
  // Anything else is about this very text, and is tried again when it is another.
  if (again) timer = setTimeout(save, Math.min(30, 2 ** (tries - 1)) * 1000);
  else tries = 0;
  return false;
}

function gone() {
  stuck = true;
  state.textContent = 'Not saved';
  trouble('This draft was sent or discarded elsewhere.', [['Keep the text as a new draft', () => {
    draft.draft = '';
    setVersion('');
    saved = null;
    resume();
  }]]);
}

async function conflict() {
  stuck = true;
  state.textContent = 'Not saved';
  const theirs = (await fetchPage(path()).catch(() => null))?.getElementById('write');
  const other = theirs?.elements.text.value;
  // Both wrote the same, or an answer of ours got lost, or only a file came: nothing is lost by going on. But only once in a row.
  if (theirs && (other === text.value || other === saved) && !excused) {
    excused = true;
    setVersion(theirs.dataset.version);
    stuck = false;
    return put();
  }
  trouble('This draft was changed elsewhere, for example in another tab or in a terminal.', [
    ...(theirs ? [['Keep my text', () => {
      setVersion(theirs.dataset.version);
      resume();
    }], ['Use the other text', () => {
      setVersion(theirs.dataset.version);
      saved = other;
      stuck = false;
      replaceText(other);
      state.textContent = 'Saved';
    }]] : [['Try again', conflict]]),
  ], other);
}

function resume() {
  stuck = false;
  save();
}

// ---- Files

/** Characters that would end a link's target, or mean something in an address. */
const target = name => name.replace(/[\s()<>%\\"#?[\]]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'));
const label = name => name.replace(/[\\[\]]/g, '\\$&');

async function attach(list, insert) {
  uploads++;
  try {
    for (const file of list) await upload(file, insert);
  } finally {
    uploads--;
  }
}

async function upload(file, insert) {
  const bar = make('progress', { max: 1, value: 0 });
  bar.setAttribute('aria-label', file.name);
  const row = make('li', {}, make('bdi', {}, file.name), ' ', bar);
  files.append(row);
  try {
    if (!draft.draft && !(await save())) throw new Error('the draft could not be saved');
    const answer = await send(file, part => { bar.value = part; });
    setVersion(answer.version ?? draft.version);
    row.replaceWith(...answer.attachments.map(fileRow));
    say(`${file.name} is attached`);
    if (insert) insertText(answer.attachments.map(a => `${a.type?.startsWith('image/') ? '![](' : `[${label(a.name)}](`}${target(a.name)})`).join('\n'));
  } catch (error) {
    row.remove();
    trouble(`${file.name} was not attached: ${error.message}`, [['Try again', () => attach([file], insert)], ['Leave it out', () => {}]]);
  }
}

/** fetch cannot tell how far an upload is. */
function send(file, progress) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append('file', file, file.name);
    request.open('POST', `${draftUrl()}/attachments`);
    request.responseType = 'json';
    request.upload.onprogress = e => e.lengthComputable && progress(e.loaded / e.total);
    request.onerror = () => fail(new Error('missive does not answer'));
    request.onload = () => {
      const said = request.response ?? {};
      if (request.status < 300) done(said);
      else fail(new Error([said.error ?? `status ${request.status}`, said.hint].filter(Boolean).join(' ')));
    };
    request.send(body);
  });
}

const bytes = size => (typeof size !== 'number' ? size ?? '' : size < 1e3 ? `${size} B` : size < 1e6 ? `${Math.round(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`);

function fileRow({ name, url, size }) {
  const row = make('li', {}, make('a', { href: url ?? `${draftUrl()}/attachments/${enc(name)}` }, make('bdi', {}, name)), ' ', make('small', {}, bytes(size)), ' ');
  row.dataset.name = name;
  return withRemove(row);
}

/** The box to tick waits for the form to be sent in; a button takes the file away now. */
function withRemove(row) {
  const { name } = row.dataset;
  $('label', row)?.remove();
  row.append(button('Remove', async () => {
    try {
      const said = await ask('DELETE', `${draftUrl()}/attachments/${enc(name)}`);
      setVersion(said.version ?? draft.version);
      ($('button', row.nextElementSibling ?? row.previousElementSibling ?? form.elements.file.parentNode) ?? form.elements.file).focus();
      row.remove();
      say(`${name} is removed`);
      previewSoon();
    } catch (error) {
      say(`${name} was not removed: ${error.message}`);
    }
  }));
  $('button', row).append(make('span', { className: 'hush' }, ` ${name}`));
  return row;
}

/** As typed, so that it can be taken back with the browser's own undo. */
function insertText(words) {
  if (/\S$/.test(text.value.slice(0, text.selectionStart))) words = '\n' + words;
  const here = document.activeElement === text && document.execCommand('insertText', false, words);
  if (!here) {
    text.setRangeText(words, text.selectionStart, text.selectionEnd, 'end');
    changed();
  }
}

function onDrag(event) {
  if (!event.dataTransfer.types.includes('Files')) return;
  event.preventDefault();
  form.classList.toggle('over', event.type === 'dragover');
  if (event.type === 'drop') {
    text.focus();
    attach([...event.dataTransfer.files], true);
  }
}

function onPaste(event) {
  const { files: pasted, types } = event.clipboardData;
  if (!pasted.length || types.includes('text/plain')) return; // a word processor gives a picture of the words along with them
  event.preventDefault();
  attach([...pasted], true);
}

// ---- Preview

const preview = $('#preview'), toggle = $('#do-preview');
let previewTimer, previews = 0;

function previewSoon() {
  clearTimeout(previewTimer);
  if (!preview.hidden) previewTimer = setTimeout(showPreview, 300);
}

async function showPreview() {
  const turn = ++previews;
  try {
    const { html } = await ask('POST', '/api/preview', { channel: draft.channel, text: text.value, ...(draft.draft && { draft: draft.draft }) });
    if (turn === previews) $('#preview-body').innerHTML = html;
  } catch (error) {
    if (turn === previews) $('#preview-body').textContent = `No preview: ${error.message}`;
  }
}

function togglePreview(on = preview.hidden) {
  preview.hidden = !on;
  toggle.setAttribute('aria-pressed', String(on));
  if (on) showPreview();
}

// ---- Leaving

/** The form goes to the server as it would without a script, but only after the last of the text and of the files is there. */
async function onSubmit(event) {
  const by = event.submitter, what = by?.value;
  if (leaving) return;
  if (what === 'discard') {
    leaving = true;
    clearTimeout(timer);
    try { sessionStorage.removeItem(copyKey()); } catch { /* there was none */ }
    return;
  }
  event.preventDefault();
  if (what === 'preview') return togglePreview();
  if (uploads) {
    state.textContent = 'Some files are still being uploaded';
    return say(state.textContent);
  }
  const kept = await settle();
  if (what !== 'send' || !kept) return say(state.textContent);
  // While this very event is under way the form would not take another one, and a text that is saved already takes no time.
  setTimeout(() => {
    leaving = true;
    form.requestSubmit(by);
  });
}

async function settle() {
  if (!draft.draft && !text.value.trim()) return true; // what an empty form is to become, the server says
  do {
    if (!(await save())) return false;
  } while (!settled());
  return true;
}

function onKey(event) {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit($('[value=send]', form));
}

if (form) {
  all('li', files).forEach(withRemove);
  $('#howto-files').hidden = false;
  text.addEventListener('input', changed);
  text.addEventListener('paste', onPaste);
  for (const type of ['dragover', 'dragleave', 'drop']) text.addEventListener(type, onDrag);
  form.elements.file.addEventListener('change', e => {
    const chosen = [...e.target.files];
    e.target.value = ''; // they are uploaded now, and must not come along once more with the form
    attach(chosen, false);
  });
  form.addEventListener('submit', onSubmit);
  form.addEventListener('keydown', onKey);
  addEventListener('online', () => tries && save());
  addEventListener('pageshow', e => { if (e.persisted) leaving = false; });
  addEventListener('beforeunload', e => { if (!leaving && (uploads || !settled())) e.preventDefault(); });
  togglePreview(!preview.hidden);
  offerCopy();
  if (!settled() && !problem.textContent) changed();
  if (!problem.textContent) {
    text.setSelectionRange(text.value.length, text.value.length);
    text.focus({ preventScroll: true });
  }
}
