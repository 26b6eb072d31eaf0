import { expect, test } from '@playwright/test';
import { accessible, fits, run, watch } from './helpers';

test('says what the course is and links only to what exists', async ({ page }) => {
  const seen = watch(page);
  await page.goto('');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('one packet at a time');
  await fits(page);
  const map = page.getByRole('region', { name: 'Six parts, from one cable to a cluster' });
  await expect(map.getByRole('listitem')).toHaveCount(22);
  const later = await map.getByText('not yet written').count();
  await expect(map.getByRole('link')).toHaveCount(22 - later);
  await page.getByRole('link', { name: /^Start with chapter/ }).click();
  await expect(page).toHaveURL(/\/course\//);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('namespaces and veth');
  expect(seen.problems).toEqual([]);
});

test('has a live terminal whose world changes the picture', async ({ page }) => {
  await page.goto('');
  const hero = page.getByTestId('hero');
  await expect(hero.locator('[data-terminal]').first()).toBeVisible();
  expect(await run(page, 'echo $((6*7))')).toContain('42');
  await expect(hero.getByTestId('topology')).toHaveAttribute('aria-label', /veth1 on host \(up\)/);
  await hero.getByRole('button', { name: 'ip link set veth1 down' }).click();
  await expect(hero.getByTestId('topology')).toHaveAttribute('aria-label', /veth1 on host \(down\)/);
});

for (const scheme of ['light', 'dark'] as const)
  test(`has nothing serious for axe in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto('');
    await expect(page.getByTestId('hero').locator('[data-terminal]').first()).toBeVisible();
    await accessible(page);
  });

test('a page that does not exist says so', async ({ page }) => {
  const response = await page.goto('no/such/page');
  expect(response?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('No route to this page');
});

test('the theme follows the system and the switch', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto('');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByRole('button', { name: 'Switch between light and dark' }).first().click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
});
