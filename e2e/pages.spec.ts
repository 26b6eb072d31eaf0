import { expect, test } from '@playwright/test';
import { accessible, chapter, fits, watch } from './helpers';

const pages = ['', 'course/', chapter, 'sandbox/', 'progress/', 'real-or-simulated/', 'accessibility/'];

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
