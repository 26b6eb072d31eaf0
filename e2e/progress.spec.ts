import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { accessible, chapter, fits } from './helpers';

test('progress is exported, erased and imported again', async ({ page }) => {
  await page.goto(chapter);
  await expect.poll(() => page.evaluate(() => localStorage.getItem('ftp:progress'))).toContain('"3"');
  await page.goto('progress/');
  await fits(page);
  await expect(page.getByTestId('progress-summary')).toContainText('You were last in chapter 3');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export a file' }).click();
  const file = await (await download).path();
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: 1, chapters: { 3: expect.any(String) } });

  await page.getByRole('button', { name: 'Erase progress in this browser' }).click();
  await page.getByRole('button', { name: /^Erase it/ }).click();
  await expect(page.getByTestId('progress-summary')).toContainText('Nothing yet');

  await page.getByLabel('Progress file').setInputFiles(file);
  await expect(page.getByTestId('progress-summary')).toContainText('You were last in chapter 3');
  await accessible(page);
});

test('damaged progress is said, kept and replaced by the last good copy', async ({ page }) => {
  await page.goto(chapter);
  await expect.poll(() => page.evaluate(() => localStorage.getItem('ftp:progress'))).toContain('"3"');
  // A second visit makes the copy.
  await page.goto(chapter, { waitUntil: 'networkidle' });
  await page.evaluate(() => localStorage.setItem('ftp:progress', '{"version":1,"chap'));
  await page.goto('progress/');
  await expect(page.getByRole('alert')).toContainText('could not be read');
  await expect(page.getByTestId('progress-summary')).toContainText('chapter 3');
  expect(await page.evaluate(() => localStorage.getItem('ftp:progress:damaged'))).toBe('{"version":1,"chap');
});

test('a file that is not an export changes nothing', async ({ page }) => {
  await page.goto('progress/');
  await page
    .getByLabel('Progress file')
    .setInputFiles({ name: 'notes.json', mimeType: 'application/json', buffer: Buffer.from('{"hello":1}') });
  await expect(page.getByText('notes.json was not imported')).toBeVisible();
});
