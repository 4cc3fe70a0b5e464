// npm emulate as GitHub, Google, Apple and Microsoft, each on a port of its own: serve.mjs FOLDER SEEDS, where FOLDER is
// that of its package and SEEDS are JSON, with the port and the seed of each by its name.

import { join } from 'node:path';

const [folder, seeds] = process.argv.slice(2);
const { createEmulator } = await import(join(folder, 'dist', 'api.js'));
for (const [service, { port, seed }] of Object.entries(JSON.parse(seeds))) {
  const baseUrl = `http://127.0.0.1:${port}`;
  await createEmulator({ service, port, baseUrl, seed: { [service]: { baseUrl, ...seed } } });
}
console.log('ready');
