import { expect, test } from '@playwright/test';
import { parts } from '../src/course';
import { accessible, chapter, fits, openLab, run, terminal, terminalText, watch } from './helpers';

const phone = (name: string): boolean => name === 'phone';

test('is readable: one heading, objectives, sections, nothing wider than the page', async ({ page }, info) => {
  const seen = watch(page);
  await page.goto(chapter);
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await expect(page.getByRole('list', { name: 'Objectives' })).toBeVisible();
  await fits(page);
  if (!phone(info.project.name)) {
    const side = page.getByRole('navigation', { name: 'Docs sidebar' });
    const later = parts.flatMap((part) => part.chapters).filter((c) => !c.written);
    await expect(side.getByText('(not yet written)')).toHaveCount(later.length);
    await expect(side.getByRole('link', { name: /A private network stack/ })).toHaveAttribute('aria-current', 'page');
  }
  expect(seen.problems).toEqual([]);
});

test('fetches no terminal and no worker before a lab is opened', async ({ page }) => {
  const workers: string[] = [];
  page.on('worker', (worker) => workers.push(worker.url()));
  await page.goto(chapter, { waitUntil: 'networkidle' });
  expect(workers).toEqual([]);
  expect(await page.locator('.xterm').count()).toBe(0);
});

test('a question explains a wrong answer and keeps a right one', async ({ page }) => {
  await page.goto(chapter);
  const question = page
    .locator('[data-testid^="question-"]')
    .filter({ has: page.getByRole('radio') })
    .first();
  const options = question.getByRole('radio');
  const answer = question.getByRole('button', { name: 'Answer' });
  await expect(answer).toBeDisabled();
  for (let i = 0; i < (await options.count()); i++) {
    await question.locator('label').nth(i).click();
    await answer.click();
    const verdict = await question.getByTestId('verdict').textContent();
    if (verdict?.startsWith('Right.')) break;
    await expect(question.getByText('Not this one.').first()).toBeVisible();
    await question.getByRole('button', { name: 'Try again' }).click();
  }
  await expect(question.getByTestId('verdict')).toContainText('Comes back for review');
  await page.reload();
  await expect(question.getByTestId('verdict')).toContainText('Comes back for review');
});

test('a prediction shows what the engine computed', async ({ page }) => {
  await page.goto(chapter);
  const predict = page.locator('[data-testid^="predict-"]').first();
  await expect(predict.getByRole('button', { name: 'Run it and see' })).toBeDisabled();
  await predict.locator('label').first().click();
  await predict.getByRole('button', { name: 'Run it and see' }).click();
  await expect(predict.getByTestId('reveal').locator('pre')).not.toBeEmpty();
});

test('a lab opens, answers, undoes, survives a reload and closes', async ({ page }, info) => {
  const seen = watch(page);
  await page.goto(chapter);
  const dock = await openLab(page, 'empty-stack');
  await fits(page);
  expect(await run(page, 'ip netns add probe9; ip netns')).toContain('probe9');
  await page.reload();
  await openLab(page, 'empty-stack');
  expect(await run(page, 'ip netns list')).toContain('probe9');
  if (!phone(info.project.name)) {
    await dock.getByRole('button', { name: 'Undo the last command' }).click();
    await dock.getByRole('button', { name: 'Undo the last command' }).click();
    await expect(page.getByTestId('said')).toContainText('Undone: ip netns add probe9');
    expect(await run(page, 'ip netns list')).not.toContain('probe9');
  }
  await page.getByRole('button', { name: 'Close the lab, keep its state' }).locator('visible=true').first().click();
  await expect(dock).toHaveCount(0);
  await expect(page.getByTestId('lab-empty-stack').getByRole('button').first()).toBeFocused();
  expect(seen.problems).toEqual([]);
});

test('another page closes the lab, and its state waits for the reader’s return', async ({ page }) => {
  await page.goto(chapter);
  const dock = await openLab(page, 'empty-stack');
  await run(page, 'ip netns add c1');
  await expect(page.getByTestId('task-exists')).toHaveAttribute('data-state', 'done');
  await page.getByRole('link', { name: /^Next/ }).click();
  await expect(page).not.toHaveURL(new RegExp(chapter));
  await expect(dock).toHaveCount(0);
  await expect(page.locator('html')).not.toHaveAttribute('data-lab');
  await page.goBack();
  await expect(dock).toHaveCount(0);
  await openLab(page, 'empty-stack');
  await expect(page.getByTestId('task-exists')).toHaveAttribute('data-state', 'done');
});

test('a console block types itself into the lab', async ({ page }) => {
  await page.goto(chapter);
  const block = page.getByTestId('console').first();
  const command = (await block.locator('pre').innerText()).split('\n')[0]?.replace(/^# /, '') ?? '';
  await block.getByRole('button', { name: 'Run it' }).click();
  await expect.poll(() => terminalText(page)).toContain(command);
});

test('F6 goes round the regions and leaves the terminal', async ({ page }, info) => {
  test.skip(phone(info.project.name), 'a phone has no F6');
  await page.goto(chapter);
  await openLab(page, 'empty-stack');
  await terminal(page).click();
  const region = (): Promise<string> =>
    page.evaluate(
      () =>
        document.activeElement?.closest<HTMLElement>('[data-region]')?.dataset.region ??
        document.activeElement?.localName ??
        '',
    );
  const order: string[] = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('F6');
    await page.waitForTimeout(50);
    order.push(await region());
  }
  expect(order).toEqual(['main', 'tasks', 'topology', 'terminal']);
  await page.keyboard.press('Shift+F6');
  await expect.poll(region).toBe('topology');
});

test('separators move with the arrow keys', async ({ page }, info) => {
  test.skip(phone(info.project.name), 'a phone has a sheet');
  await page.goto(chapter);
  await openLab(page, 'empty-stack');
  const bar = page.getByRole('separator', { name: 'Height of topology and tasks' });
  const before = Number(await bar.getAttribute('aria-valuenow'));
  await bar.focus();
  await page.keyboard.press('ArrowUp');
  await expect(bar).toHaveAttribute('aria-valuenow', String(before - 16));
});

test('a loop in the shell leaves the page usable and ends with Ctrl-C', async ({ page }) => {
  await page.goto(chapter);
  await openLab(page, 'empty-stack');
  await terminal(page).click();
  await page.keyboard.type('while true; do :; done\n');
  await page.waitForTimeout(300);
  await page.keyboard.press('Control+c');
  expect(await run(page, 'echo after')).toContain('after');
});

for (const scheme of ['light', 'dark'] as const)
  test(`has nothing serious for axe with the lab open, in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(chapter);
    await accessible(page);
    await openLab(page, 'empty-stack');
    await accessible(page);
  });

test.describe('on a phone', () => {
  test('the sheet has three panes and a key bar', async ({ page }, info) => {
    test.skip(!phone(info.project.name), 'phone only');
    await page.goto(chapter);
    await openLab(page, 'empty-stack');
    await page.getByRole('tab', { name: /^Tasks/ }).click();
    await expect(page.getByRole('heading', { name: /^Tasks/ })).toBeVisible();
    await page.getByRole('tab', { name: 'Topology', exact: true }).click();
    await expect(page.getByTestId('dock').getByTestId('topology')).toBeVisible();
    await page.getByRole('tab', { name: 'Terminal', exact: true }).click();
    await terminal(page).click();
    await page.keyboard.type('sleep 100\n');
    await page.getByRole('toolbar', { name: 'Keys' }).getByRole('button', { name: 'Ctrl' }).click();
    await page.keyboard.type('c');
    expect(await run(page, 'echo after')).toContain('after');
    await fits(page);
  });
});

test('a link carries the exact state, and can be kept', async ({ page, browser }, info) => {
  test.skip(phone(info.project.name), 'the link button is tested once');
  await page.goto(chapter);
  await openLab(page, 'empty-stack');
  await run(page, 'ip netns add linked7');
  await page.getByRole('button', { name: 'Copy a link to this state' }).click();
  await expect(page.getByTestId('said')).toContainText('clipboard');
  const link = await page.evaluate(() => navigator.clipboard.readText());

  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(link);
  await expect(other.getByTestId('dock')).toHaveAttribute('data-phase', 'running');
  await expect(other.getByText('This state came with a link')).toBeVisible();
  expect(await other.evaluate(() => localStorage.getItem('ftp:lab:empty-stack'))).toBeNull();
  expect(await run(other, 'ip netns list')).toContain('linked7');
  await other.getByRole('button', { name: 'Keep it as mine' }).click();
  await expect(other.getByText('This state came with a link')).toHaveCount(0);
  await other.reload();
  await openLab(other, 'empty-stack');
  expect(await run(other, 'ip netns list')).toContain('linked7');
  await context.close();
});

test('the terminal can be read aloud', async ({ page }, info) => {
  test.skip(phone(info.project.name), 'skip links are for keyboards');
  await page.goto(chapter);
  await openLab(page, 'empty-stack');
  const aloud = page.getByRole('button', { name: 'Read the terminal aloud' });
  await aloud.focus();
  await page.keyboard.press('Enter');
  await expect(aloud).toHaveAttribute('aria-pressed', 'true');
  await expect(page.locator('.xterm-accessibility').first()).toBeAttached();
});

test('a world that cannot be loaded says so, and comes back with one button', async ({ page }) => {
  const workerFile = /\/assets\/js\/lab\.[^/]*\.js$/;
  await page.route(workerFile, (route) => route.abort());
  await page.goto(chapter);
  await page.getByTestId('lab-empty-stack').getByRole('button').first().click();
  const trouble = page.getByTestId('trouble');
  await expect(trouble).toContainText('What you did is kept');
  await page.unroute(workerFile);
  await trouble.getByRole('button', { name: 'Reload the world' }).click();
  await expect(page.getByTestId('dock')).toHaveAttribute('data-phase', 'running');
  await expect(trouble).toHaveCount(0);
});

test('a world that fails before the terminal’s code is there is told of, too', async ({ page }) => {
  await page.goto(chapter, { waitUntil: 'networkidle' });
  const failed = page.waitForEvent('requestfailed', (r) => /\/lab\.[^/]*\.js$/.test(r.url()));
  await page.route(/\/assets\/js\//, async (route) => {
    if (/\/lab\./.test(route.request().url())) return route.abort();
    await failed;
    await route.continue();
  });
  await page.getByTestId('lab-empty-stack').getByRole('button').first().click();
  await expect(page.getByTestId('trouble')).toContainText('What you did is kept');
});

test('a state that cannot be rebuilt is kept beside the new one', async ({ page }, info) => {
  test.skip(phone(info.project.name), 'storage is the same on both');
  await page.goto(chapter);
  const old = {
    version: 1,
    lab: 'empty-stack',
    fingerprint: 'of another time',
    journal: [],
    done: [],
    hints: {},
  };
  await page.evaluate((s) => localStorage.setItem('ftp:lab:empty-stack', JSON.stringify(s)), old);
  await openLab(page, 'empty-stack');
  await expect(page.getByText('a copy of what was saved is kept')).toBeVisible();
  const kept = await page.evaluate(() => localStorage.getItem('ftp:lab:empty-stack:refused'));
  expect(JSON.parse(kept ?? 'null')).toEqual(old);
});
