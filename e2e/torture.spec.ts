import { expect, test } from '@playwright/test';
import { chapter, openLab, run, terminal, terminalText } from './helpers';

/** What a learner may do on purpose or by accident; the page answers all the while, and so does the lab afterwards. */
test.describe('whatever is typed, page and lab stay usable', () => {
  test.skip(({ isMobile }) => isMobile, 'once is enough');

  for (const [what, command] of [
    ['yes', 'yes'],
    ['random bytes', 'cat /dev/urandom'],
    ['a loop that prints', 'while true; do echo x; done'],
  ] as const)
    test(`${what} ends with Ctrl-C`, async ({ page }) => {
      await page.goto(chapter);
      await openLab(page, 'empty-stack');
      await terminal(page).click();
      await page.keyboard.type(`${command}\n`);
      await page.waitForTimeout(1500);
      // The page itself is not held up.
      const from = Date.now();
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
      expect(Date.now() - from).toBeLessThan(3000);
      await page.keyboard.press('Control+c');
      await page.keyboard.type('\nreset\n');
      await expect.poll(() => terminalText(page), { timeout: 20_000 }).toMatch(/[#$]\s*$/);
      expect(await run(page, 'echo still $((40 + 2))')).toContain('still 42');
    });

  test('a fork bomb meets the limit of processes, and undo takes it back', async ({ page }) => {
    await page.goto(chapter);
    const dock = await openLab(page, 'empty-stack');
    await run(page, 'echo before');
    await page.keyboard.type('bomb() { bomb | bomb & }; bomb\n');
    await page.waitForTimeout(2000);
    await page.keyboard.press('Control+c');
    await dock.getByRole('button', { name: 'Undo the last command' }).click();
    await expect(page.getByTestId('said')).toContainText('Undone: bomb()', { timeout: 20_000 });
    expect(await run(page, 'echo still $((40 + 2))')).toContain('still 42');
  });

  test('a paste of 1 MB arrives whole', async ({ page }) => {
    await page.goto(chapter);
    await openLab(page, 'empty-stack');
    await terminal(page).click();
    await page.keyboard.type('cat > /tmp/pasted\n');
    await page.waitForTimeout(1000);
    await page.evaluate(() => navigator.clipboard.writeText(`${'x'.repeat(99)}\n`.repeat(10_000)));
    await page.keyboard.press('Control+Shift+V');
    await expect.poll(() => terminalText(page), { timeout: 30_000 }).toMatch(/x{40}/);
    await page.keyboard.press('Control+d');
    await page.keyboard.type('clear; wc -c < /tmp/pasted\n');
    await expect.poll(() => terminalText(page), { timeout: 40_000 }).toMatch(/1000000\s/);
    expect(await run(page, 'echo still $((40 + 2))')).toContain('still 42');
  });
});
