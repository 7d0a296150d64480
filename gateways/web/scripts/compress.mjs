// Writes a .br and a .gz beside each text file of dist, which the hub then serves as they are, and says what a first load weighs.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const text = /\.(js|css|html|svg|json|webmanifest|txt)$/;
for (const file of readdirSync(dist, { recursive: true })) {
  if (!text.test(file)) continue;
  const bytes = readFileSync(join(dist, file));
  if (bytes.length < 512) continue;
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  writeFileSync(join(dist, `${file}.br`), brotliCompressSync(bytes, brotli));
  writeFileSync(join(dist, `${file}.gz`), gzipSync(bytes, { level: 9 }));
}
const page = readFileSync(join(dist, 'index.html'), 'utf8');
const first = [...page.matchAll(/(?:src|href)="\.\/([^"]+\.(?:js|css))"/g)].map((found) => found[1]);
const weigh = (kind) =>
  first.filter((name) => name.endsWith(kind)).reduce((sum, name) => {
    try {
      return sum + readFileSync(join(dist, `${name}.br`)).length;
    } catch {
      return sum + readFileSync(join(dist, name)).length;
    }
  }, 0);
const [script, style] = [weigh('.js'), weigh('.css')];
console.log(`first load, compressed: script ${(script / 1000).toFixed(1)} kB (budget 350 kB), styles ${(style / 1000).toFixed(1)} kB`);
if (script > 350_000) {
  console.error('the script of the first load is over its budget of 350 kB');
  process.exit(1);
}
