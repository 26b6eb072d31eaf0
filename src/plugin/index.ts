/**
 * The Docusaurus plugin that makes chapters of labs, quizzes and console blocks. Two exports for `docusaurus.config.ts`:
 * the plugin (default) and `remarkLabs` for the docs' `beforeDefaultRemarkPlugins`.
 *
 * The engine runs inside the build's process. Docusaurus loads TypeScript with a transpiler that would take seconds for the
 * engine's files; esbuild makes one file of them in a fraction of that.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadContext, Plugin } from '@docusaurus/types';
import { buildSync } from 'esbuild';
import type { Root } from 'mdast';
import type { VFile } from 'vfile';
import type { Site } from './site';

/** The engine's modules that are imported for what they do. */
const WITH_EFFECTS =
  /[\\/](?:(?:netfs|socket|net)[\\/]register|link[\\/]bridge-kind|builtins[\\/]rest|programs[\\/]link-kinds[\\/]index|shell[\\/]index|world[\\/](?:index|system|more-topologies))\.ts$/;

/** What runs in the worker is shared between the worker's chunks only: its first one must not bring the rest along. */
const WORKER = /[\\/]src[\\/](?:engine|lab)[\\/]/;
const CACHE_GROUPS = {
  // The worker's first chunk is one file: a worker fetches a second one only after it has read the first.
  defaultVendors: {
    idHint: 'vendors',
    test: /[\\/]node_modules[\\/]/,
    priority: -10,
    reuseExistingChunk: true,
    chunks: (chunk: { name?: string | null }) => chunk.name !== 'lab',
  },
  common: { test: (module: object) => !WORKER.test((module as { resource?: string }).resource ?? '') },
  engine: { test: WORKER, chunks: 'async' as const, minChunks: 2, minSize: 20_000, reuseExistingChunk: true },
};

/** The dev server sends its source text to the page: it stands alone. */
const isNoBuildError = (error: Error): boolean => !error.message.includes('Module build failed');

/** The loaders find the site here; they are plain JavaScript files that the bundler requires by path. */
const SITE = Symbol.for('follow-the-packet.site');

type Global = typeof globalThis & { [SITE]?: Site };

/** The one site of this process, made on first use. */
function site(root: string): Site {
  const shared = globalThis as Global;
  return (shared[SITE] ??= load(root));
}

function load(root: string): Site {
  const folder = join(root, 'node_modules/.cache/follow-the-packet');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `site-${process.pid}.cjs`);
  buildSync({
    entryPoints: [join(root, 'src/plugin/site.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'error',
  });
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a bundle made a moment ago, whose path is not known before
  const bundle = require(outfile) as { Site: new (root: string) => Site };
  rmSync(outfile);
  return new bundle.Site(root);
}

/** Compiles the course's labs and chapters; a production build fails with all problems of all files at once. */
export default function labsPlugin(context: LoadContext): Plugin<void> {
  const root = context.siteDir;
  const development = process.env.NODE_ENV === 'development';
  const loader = join(root, 'src/plugin/loader.cjs');
  return {
    name: 'follow-the-packet-labs',
    loadContent() {
      // While writing, the page shows the problems of the files it needs; the others are in the log.
      const problems = site(root).problems();
      if (problems === '') return;
      if (!development) throw new Error(`The course has problems:\n${problems}`);
      console.warn(problems);
    },
    getPathsToWatch() {
      return [join(root, 'docs/**/*.{mdx,lab.yaml}'), join(root, 'src/labs/*.lab.yaml')];
    },
    configureWebpack(_config, isServer) {
      return {
        ...(isServer ? {} : { optimization: { splitChunks: { cacheGroups: CACHE_GROUPS } } }),
        // The overlay tells what cannot be built by itself; the same as a run-time error would stay after it is mended.
        devServer: { client: { overlay: { runtimeErrors: isNoBuildError } } },
        module: {
          rules: [
            // What a lab does not use yet stays out of its first chunk, although a room's index names it.
            { test: /[\\/]src[\\/]engine[\\/]/, exclude: WITH_EFFECTS, sideEffects: false },
            { test: /\.lab\.ya?ml$/, type: 'javascript/auto', use: [{ loader }] },
            { test: /\.mdx$/, include: [join(root, 'docs')], enforce: 'pre', use: [{ loader }] },
          ],
        },
      };
    },
  };
}

/** Remark plugin: replaces quizzes, console blocks and references by components with their data. */
export function remarkLabs({ root }: { root: string }): (tree: Root, file: VFile) => void {
  return (tree, file) => site(root).transform(tree, file);
}
