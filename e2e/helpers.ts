import AxeBuilder from '@axe-core/playwright';
import { expect, type Locator, type Page } from '@playwright/test';

/** The chapter that exists. */
export const chapter = 'course/part-b/03-namespaces-and-veth/';

/** Fails the test when the page asks any other origin for something, or logs an error. */
export function watch(page: Page): { problems: string[] } {
  const problems: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.hostname !== '127.0.0.1')
      problems.push(`third-party request: ${request.url()}`);
  });
  page.on('pageerror', (error) => problems.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  return { problems };
}

/** No serious finding of axe-core, on the page or in a part of it. Colours are judged at rest, so transitions are waited for. */
export async function accessible(page: Page, part = 'html'): Promise<void> {
  await page.waitForTimeout(300);
  const { violations } = await new AxeBuilder({ page }).include(part).analyze();
  const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  expect(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([]);
}

/** The page is not wider than the window. */
export async function fits(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
}

/** The terminal that is shown, within the page or a part of it. */
export function terminal(within: Page | Locator): Locator {
  return within.locator('[data-terminal]:not([hidden]):visible').first();
}

/** What the shown terminal has printed, wrapped lines joined. */
export async function terminalText(page: Page): Promise<string> {
  const id = await terminal(page).getAttribute('data-terminal');
  return page.evaluate(
    (n) => (window as unknown as { ftpTerminalText(id: number): string | undefined }).ftpTerminalText(n) ?? '',
    Number(id),
  );
}

/** Types a command at the prompt and waits for the next prompt. */
export async function run(page: Page, command: string): Promise<string> {
  await terminal(page).click();
  const before = await terminalText(page);
  await page.keyboard.type(`${command}\n`);
  await expect
    .poll(async () => {
      const now = await terminalText(page);
      return now.length > before.length + command.length && /[#$]\s*$/.test(now);
    })
    .toBe(true);
  return (await terminalText(page)).slice(before.length);
}

/** Opens a lab by its card and waits for the first prompt. */
export async function openLab(page: Page, id: string): Promise<Locator> {
  await page.getByTestId(`lab-${id}`).getByRole('button').first().click();
  const dock = page.getByTestId('dock');
  await expect(dock).toHaveAttribute('data-phase', 'running');
  await expect.poll(() => terminalText(page)).toMatch(/[#$]\s*$/);
  return dock;
}
