/** Lets the page work without a network from now on. */
export function registerOffline(tell: (text: string) => void): void {
  if (!('serviceWorker' in navigator)) return; // neither https nor localhost
  navigator.serviceWorker
    .register(new URL('serviceWorker.js', document.baseURI))
    .then(() => navigator.serviceWorker.ready)
    .then(() => tell('Everything is stored: this page also works offline.'))
    .catch(() => tell('This browser does not let the page work offline.'));
}
