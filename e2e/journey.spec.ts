import { expect, test } from '@playwright/test';
import { accessible, chapter, fits, openLab, run, watch } from './helpers';

const lab = 'empty-stack';

/** One cable from the host to `c1`, and an address that nobody has. */
const cable =
  'ip netns add c1; ip link add veth1 type veth peer name eth0 netns c1; ip addr add 172.30.0.1/24 dev veth1; ip link set veth1 up; ip -n c1 addr add 172.30.0.11/24 dev eth0; ip -n c1 link set eth0 up';

test.describe('packets', () => {
  test.skip(({ isMobile }) => isMobile, 'the terminal is typed into on the desktop');

  test('a ping that was sent before somebody looked, step by step', async ({ page }) => {
    const { problems } = watch(page);
    await page.goto(chapter);
    const dock = await openLab(page, lab);
    await run(page, cable);
    await run(page, 'ping -c1 172.30.0.11');
    await dock.getByTestId('packets').click();
    const panel = page.getByTestId('journey');
    await panel.getByTestId('packet').filter({ hasText: 'echo request' }).last().click();
    const decision = panel.getByTestId('decision');
    await expect(decision).toContainText('A program in host sends');
    await page.keyboard.press('ArrowRight');
    await expect(decision).toContainText('172.30.0.0/24 in table main is the longest match');
    await page.keyboard.press('ArrowRight');
    await expect(decision).toContainText('It sent an ARP request on veth1');
    await expect(panel.getByTestId('headers')).toContainText('Ethernet added');
    await page.keyboard.press('End');
    await expect(decision).toContainText('answers echo requests itself');
    await panel.getByRole('button', { name: 'Reply' }).click();
    await expect(decision).toContainText('The kernel of c1 answers');
    await accessible(page);
    await fits(page);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await expect(panel).toHaveCount(0);
    await expect(dock.getByTestId('packets')).toBeFocused();
    expect(problems).toEqual([]);
  });

  test('a packet that died says where and why, and what would have saved it', async ({ page }) => {
    await page.goto(chapter);
    const dock = await openLab(page, lab);
    await run(page, cable);
    await run(page, 'ip -n c1 link set eth0 down; ping -c1 -W4 172.30.0.11');
    await dock.getByTestId('packets').click();
    const panel = page.getByTestId('journey');
    await panel.getByTestId('packet').filter({ hasText: 'Died' }).first().click();
    await page.keyboard.press('End');
    await expect(panel.getByTestId('decision')).toContainText('The packet died here.');
    await expect(panel.getByTestId('lived')).toContainText('if eth0 in c1 were up', { timeout: 30_000 });
    await accessible(page);
  });
});
