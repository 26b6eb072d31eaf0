import { expect, test } from '@playwright/test';
import { accessible, fits } from './helpers';

/** The pictures of single chapters, which a reader works by hand. */

test('a bridge, frame by frame: ports, table, both layers', async ({ page }) => {
  await page.goto('course/part-b/04-bridge/');
  const figure = page.getByTestId('switch').first();
  const said = figure.getByTestId('switch-said');
  const table = figure.getByRole('table');
  const next = figure.getByRole('button', { name: /^(First frame|Next)$/ });
  await expect(said).toContainText('0 of 9');
  await expect(table).toContainText('empty');

  // The question is for everybody, and the bridge learns who asks.
  await next.click();
  await expect(said).toContainText('ARP: who has 172.30.0.12?');
  await expect(said).toContainText('it leaves by every other port: veth2 and veth3. The host gets it as well.');
  await expect(table.getByRole('row', { name: /veth1.*learned/ })).toBeVisible();
  await figure.getByText('IP addresses', { exact: true }).click();
  await expect(said).toContainText('the next hop is 172.30.0.12 itself');
  await expect(figure.getByRole('table', { name: 'Neighbour table of c1' })).toContainText('INCOMPLETE');
  await figure.getByText('MAC addresses', { exact: true }).click();

  // The keys are those of a packet's journey; the answer goes to one.
  await next.focus();
  await page.keyboard.press('ArrowRight');
  await expect(said).toContainText('the frame leaves by veth1 alone');
  await expect(table.getByRole('row')).toHaveCount(3);
  await page.keyboard.press('ArrowLeft');
  await expect(said).toContainText('1 of 9');

  // After the silence the same ping is flooded, and c3 drops what is not for it.
  for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowRight');
  await expect(said).toContainText('after 300 seconds without a sign of life it forgets');
  await expect(table).toContainText('empty');
  await page.keyboard.press('ArrowRight');
  await expect(said).toContainText(/No line has \S+, so it leaves by every other port/);
  await expect(figure.getByTestId('switch-stage')).toContainText('not its MAC: drops it');
  await page.keyboard.press('End');
  await expect(said).toContainText('9 of 9');
  await expect(next).toBeDisabled();
  await expect(next).toBeFocused();
  await page.keyboard.press('Home');
  await expect(said).toContainText('0 of 9');
  await fits(page);
});

test('a bridge: the frame for a far address is for the MAC of the gateway', async ({ page }) => {
  await page.goto('course/part-b/04-bridge/');
  const figure = page.getByTestId('switch').nth(1);
  const said = figure.getByTestId('switch-said');
  await figure.getByRole('button', { name: 'First frame' }).focus();
  await page.keyboard.press('End');
  await expect(said).toContainText('172.30.0.11 → 203.0.113.9');
  await expect(said).toContainText(
    'is the address of br0 itself: the frame is handed to the host and leaves by no port',
  );
  await figure.getByText('IP addresses', { exact: true }).click();
  await expect(said).toContainText('the destination is far: the next hop is 172.30.0.1');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await accessible(page, '[data-testid="switch"]');
  }
});

test('a bridge: nothing moves for who wants less motion', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('course/part-b/04-bridge/');
  const figure = page.getByTestId('switch').first();
  await figure.getByRole('button', { name: 'First frame' }).click();
  await expect(figure.getByTestId('switch-said')).toContainText('1 of 9');
  expect(
    await figure.evaluate((e) => e.getAnimations({ subtree: true }).filter((a) => a.playState === 'running').length),
  ).toBe(0);
  await expect(figure.getByTestId('switch-stage')).toContainText('not its IP: ignores it');
});

test('the hooks: the way of a packet that is chosen', async ({ page }) => {
  await page.goto('course/part-b/05-nat/');
  const figure = page.getByRole('figure').filter({ hasText: 'Which packet?' });
  await figure.getByRole('radio', { name: 'From a container to the outside' }).check();
  await expect(figure.getByRole('listitem').last()).toContainText('MASQUERADE');
  await figure.getByRole('radio', { name: 'From the host to its own published port' }).check();
  await expect(figure.getByRole('listitem').last()).toContainText('It never came by PREROUTING.');
});

test('the coats: what a wire leaves for the packet', async ({ page }) => {
  await page.goto('course/part-d/11-two-hosts/');
  const wire = page.getByRole('slider', { name: 'MTU of the wire' });
  const figure = page.getByRole('figure').filter({ has: wire });
  await expect(figure).toContainText('ping -s 1422');
  await wire.focus();
  await page.keyboard.press('End');
  await expect(figure).toContainText('ping -s 8922');
});
