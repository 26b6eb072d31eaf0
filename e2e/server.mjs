// A plain static file server, as any web host would be: files, a base path, a 404 page. Usage: node server.mjs DIR BASE PORT
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const [dir = 'build', base = '/', port = '4173'] = process.argv.slice(2);
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml',
  '.txt': 'text/plain; charset=utf-8',
};

async function find(path) {
  const file = join(dir, normalize(path));
  const info = await stat(file).catch(() => undefined);
  if (info?.isDirectory()) return find(join(path, 'index.html'));
  return info?.isFile() ? file : undefined;
}

createServer(async (request, response) => {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
  const file = path.startsWith(base) ? await find(path.slice(base.length)) : undefined;
  const shown = file ?? join(dir, '404.html');
  response.writeHead(file ? 200 : 404, { 'content-type': types[extname(shown)] ?? 'application/octet-stream' });
  createReadStream(shown)
    .on('error', () => response.end())
    .pipe(response);
}).listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${port}${base}`));
