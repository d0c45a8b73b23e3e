/** Keeps every file of the page, so that it works without a network once it was loaded. */
declare const self: ServiceWorkerGlobalScope;
/** Filled in by the build: all files, and a name that changes with any of them. */
declare const __FILES__: readonly string[];
declare const __VERSION__: string;

const CACHE = `distill-demo-${__VERSION__}`;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...__FILES__])));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(removeOthers().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  if (event.request.method === 'GET') event.respondWith(fromCache(event.request));
});

async function removeOthers(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith('distill-demo-') && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function fromCache(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(request, { ignoreSearch: true, ignoreVary: true })) ?? fetch(request);
}
