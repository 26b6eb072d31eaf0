import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { brotliCompressSync, constants } from 'node:zlib';
import type { Page, Response } from '@playwright/test';
import { chromium } from '@playwright/test';
import type { Row } from './table';
import { median } from './table';

const BASE = process.env.BASE_URL ?? '/course-test/';
const PORT = 4190;
const CHAPTER = 'course/part-b/03-namespaces-and-veth/';
/** JavaScript of a page of the stock Docusaurus 3.10.2 classic template, measured once, brotli 11. */
const STOCK_PAGE_KB = 148.8;

/** Starts the built site and a browser for `work`. */
async function withPage<T>(work: (page: Page) => Promise<T>): Promise<T> {
  const { findChromium } = (await import('../scripts/find-chromium.mjs')) as { findChromium(): string | undefined };
  const server = spawn(process.execPath, ['e2e/server.mjs', 'build', BASE, String(PORT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server.stdout, 'data');
  const executablePath = findChromium();
  const browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: ['--no-sandbox'] });
  try {
    return await work(await browser.newPage({ baseURL: `http://127.0.0.1:${PORT}${BASE}` }));
  } finally {
    await browser.close();
    server.kill();
  }
}

async function brotliKb(responses: readonly Response[]): Promise<number> {
  let bytes = 0;
  for (const response of responses) {
    bytes += brotliCompressSync(await response.body(), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  }
  return bytes / 1024;
}

async function openLab(page: Page): Promise<void> {
  await page.getByTestId('lab-empty-stack').getByRole('button').first().click();
}

/** Waits in the page: a driver that asks again and again would take the processor from what is measured. */
async function until(page: Page, pattern: RegExp): Promise<void> {
  await page.waitForFunction(
    (source) => {
      const shown = document.querySelector('[data-terminal]:not([hidden])');
      const read = (window as unknown as { ftpTerminalText?(id: number): string | undefined }).ftpTerminalText;
      return new RegExp(source).test((shown && read?.(Number(shown.getAttribute('data-terminal')))) || '');
    },
    pattern.source,
    { polling: 10 },
  );
}

/**
 * Takes the time in the page, from the next event of a type until the text of the terminal shown matches: the driver's own time is
 * not the reader's. The text is looked at every 4 ms. @returns what waits for it, in milliseconds.
 */
async function watch(page: Page, event: 'click' | 'keydown', shown: RegExp): Promise<() => Promise<number>> {
  await page.evaluate(
    ([type, source]) => {
      const w = window as unknown as { benchTook?: number; ftpTerminalText?(id: number): string | undefined };
      const pattern = new RegExp(source);
      delete w.benchTook;
      document.addEventListener(
        type,
        () => {
          const from = performance.now();
          const timer = setInterval(() => {
            const screen = document.querySelector('[data-terminal]:not([hidden])');
            if (!pattern.test((screen && w.ftpTerminalText?.(Number(screen.getAttribute('data-terminal')))) || ''))
              return;
            w.benchTook = performance.now() - from;
            clearInterval(timer);
          }, 4);
        },
        { capture: true, once: true },
      );
    },
    [event, shown.source] as const,
  );
  return async () => {
    const took = await page.waitForFunction(() => (window as unknown as { benchTook?: number }).benchTook);
    return Number(await took.jsonValue());
  };
}

/** Bytes that a reader's browser fetches: with no lab opened, and for the first one. */
export function size(): Promise<Row[]> {
  return withPage(async (page) => {
    const scripts: Response[] = [];
    const styles: Response[] = [];
    page.on('response', (response) => {
      const type = response.request().resourceType();
      if (/\.js($|\?)/.test(response.url())) scripts.push(response);
      else if (type === 'stylesheet') styles.push(response);
    });
    await page.goto(CHAPTER, { waitUntil: 'networkidle' });
    const pageScripts = scripts.splice(0);
    await openLab(page);
    await until(page, /[#$] ?$/);
    await page.waitForLoadState('networkidle');
    const toPrompt = await brotliKb([...scripts, ...styles.slice(1)]);
    await page.keyboard.type('hostname\n');
    await until(page, /\nhost\n/);
    await page.waitForLoadState('networkidle');
    const fetched = await brotliKb([...scripts, ...styles.splice(1)]);
    return [
      {
        what: 'JavaScript of the chapter page, no lab opened',
        value: await brotliKb(pageScripts),
        unit: 'KB brotli',
        budget: STOCK_PAGE_KB * 1.15,
        bound: true,
        beside: `stock docs page: ${STOCK_PAGE_KB} KB (measured once)`,
      },
      {
        what: 'code fetched from opening the first lab to its prompt',
        value: toPrompt,
        unit: 'KB brotli',
        budget: 200,
        bound: true,
      },
      {
        what: 'the same, to a first command that has answered',
        value: fetched,
        unit: 'KB brotli',
        budget: 200,
        bound: true,
      },
    ];
  });
}

/** What a reader waits for, in Chromium. */
export function wait(): Promise<Row[]> {
  return withPage(async (page) => {
    const opened: number[] = [];
    for (let i = 0; i < 10; i++) {
      await page.goto(CHAPTER, { waitUntil: 'networkidle' });
      await page.evaluate(() => {
        localStorage.clear();
        return new Promise((done) => {
          indexedDB
            .databases()
            .then((all) => Promise.all(all.map((d) => indexedDB.deleteDatabase(d.name ?? ''))))
            .then(done, done);
        });
      });
      await page.goto(CHAPTER, { waitUntil: 'networkidle' });
      const answered = await watch(page, 'click', /\nhost\n/);
      await openLab(page);
      await until(page, /[#$] ?$/);
      // In one piece, as a paste: how fast the driver types is not measured.
      await page.keyboard.insertText('hostname');
      await page.keyboard.press('Enter');
      opened.push(await answered());
    }
    const echoed: number[] = [];
    for (let i = 0; i < 10; i++) {
      const echo = await watch(page, 'keydown', new RegExp(`x{${i + 1}}$`));
      await page.keyboard.press('x');
      echoed.push(await echo());
    }
    await page.keyboard.press('Control+c');
    const interrupted: number[] = [];
    for (let i = 0; i < 5; i++) {
      await page.keyboard.type('clear; while true; do :; done\n');
      await page.waitForTimeout(500);
      const prompt = await watch(page, 'keydown', /\^C\n[^\n]*[#$] ?$/);
      await page.keyboard.press('Control+c');
      interrupted.push(await prompt());
    }
    return [
      {
        what: 'from opening a lab to an answered first command, Chromium',
        value: median(opened),
        unit: 'ms',
        budget: 300,
      },
      {
        what: 'echo of a keystroke, Chromium (a poll of 4 ms included)',
        value: median(echoed),
        unit: 'ms',
        budget: 16,
      },
      {
        what: 'Ctrl-C on an endless loop to the prompt, Chromium',
        value: median(interrupted),
        unit: 'ms',
        budget: 100,
      },
    ];
  });
}
