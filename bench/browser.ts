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

const screenText = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const shown = document.querySelector('[data-terminal]:not([hidden])');
    const read = (window as unknown as { ftpTerminalText?(id: number): string | undefined }).ftpTerminalText;
    return (shown && read?.(Number(shown.getAttribute('data-terminal')))) || '';
  });

async function until(page: Page, pattern: RegExp): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (pattern.test(await screenText(page))) return;
    await page.waitForTimeout(5);
  }
  throw new Error(`the terminal never showed ${pattern}`);
}

/** Takes the time in the page, from the click to the frame in which the answer is on the screen: the driver's own time is not the reader's. */
async function watchAnswer(page: Page): Promise<void> {
  await page.evaluate(() => {
    const w = window as unknown as { benchAnswered?: number; ftpTerminalText?(id: number): string | undefined };
    document.addEventListener(
      'click',
      () => {
        const from = performance.now();
        const timer = setInterval(() => {
          const shown = document.querySelector('[data-terminal]:not([hidden])');
          const text = (shown && w.ftpTerminalText?.(Number(shown.getAttribute('data-terminal')))) || '';
          if (!/\nhost\n/.test(text)) return;
          w.benchAnswered = performance.now() - from;
          clearInterval(timer);
        }, 4);
      },
      { capture: true, once: true },
    );
  });
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
      await watchAnswer(page);
      await openLab(page);
      await until(page, /[#$] ?$/);
      await page.keyboard.type('hostname\n');
      await until(page, /\nhost\n/);
      const answered = await page.waitForFunction(
        () => (window as unknown as { benchAnswered?: number }).benchAnswered,
      );
      opened.push(Number(await answered.jsonValue()));
    }
    const echoed: number[] = [];
    for (let i = 0; i < 10; i++) {
      const from = Date.now();
      await page.keyboard.type('x');
      await until(page, new RegExp(`x{${i + 1}}$`));
      echoed.push(Date.now() - from);
    }
    await page.keyboard.press('Control+c');
    const interrupted: number[] = [];
    for (let i = 0; i < 5; i++) {
      await page.keyboard.type('clear; while true; do :; done\n');
      await page.waitForTimeout(500);
      const from = Date.now();
      await page.keyboard.press('Control+c');
      await until(page, /\^C\n[^\n]*[#$] ?$/);
      interrupted.push(Date.now() - from);
    }
    return [
      {
        what: 'from opening a lab to an answered first command, Chromium',
        value: median(opened),
        unit: 'ms',
        budget: 300,
      },
      {
        what: 'echo of a keystroke, Chromium (a poll of 5 ms included)',
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
