/* How Chromium is started here: as root, without a display, and asking nobody but the page for anything. */
exports.FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
