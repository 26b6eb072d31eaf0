import { expect, test } from '@playwright/test';
import { accessible, chapter, fits, run, terminalText, watch } from './helpers';

const pages = [
  '',
  'course/',
  chapter,
  'course/part-b/04-bridge/',
  'course/part-b/05-nat/',
  'course/part-d/11-two-hosts/',
  'sandbox/',
  'progress/',
  'real-or-simulated/',
  'accessibility/',
];

for (const path of pages)
  test(`/${path}: one h1, fits, clean console, no third party, axe in both themes`, async ({ page }) => {
    const seen = watch(page);
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(path, { waitUntil: 'networkidle' });
      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
      await fits(page);
      await accessible(page);
    }
    expect(seen.problems).toEqual([]);
  });

test('the sandbox offers worlds of several machines, and comes back to the chosen one', async ({ page }, info) => {
  test.skip(info.project.name === 'phone', 'the choice is the same');
  await page.goto('sandbox/');
  await page.getByRole('button', { name: /^An office and the Internet/ }).click();
  await expect(page.getByRole('tab', { name: 'laptop' })).toBeVisible();
  await expect.poll(() => terminalText(page)).toMatch(/@laptop:~# ?$/);
  expect(await run(page, 'curl -s http://www.example.com/ | head -c 200')).toMatch(/<|html|Internet/i);
  await page.reload();
  await expect(page.getByRole('tab', { name: 'laptop' })).toBeVisible();
  await page.getByRole('button', { name: /^One Linux host/ }).click();
  await expect.poll(() => terminalText(page)).toMatch(/@host:~# ?$/);
});
