import { expect, test, type Locator, type Page } from '@playwright/test';
import { accessible, chapter, fits, openLab, run, terminalText, watch } from './helpers';

const nat = 'course/part-b/05-nat/';
const hosts = 'course/part-d/11-two-hosts/';

/** One cable from the host to `c1`, and an address that nobody has. */
const cable =
  'ip netns add c1; ip link add veth1 type veth peer name eth0 netns c1; ip addr add 172.30.0.1/24 dev veth1; ip link set veth1 up; ip -n c1 addr add 172.30.0.11/24 dev eth0; ip -n c1 link set eth0 up';

// Axe looks at the whole page, text of the chapter included, in both themes.
test.describe.configure({ timeout: 150_000 });

/** Opens the packets and the first whose row has the text. */
async function follow(page: Page, packet: string): Promise<{ panel: Locator; decision: Locator }> {
  const button = page.getByTestId('packets');
  // On the phone it is under the picture.
  if (!(await button.isVisible())) await page.getByRole('tab', { name: 'Topology' }).click();
  await button.click();
  const panel = page.getByTestId('journey');
  await panel.getByTestId('packet').filter({ hasText: packet }).first().click();
  const decision = panel.getByTestId('decision');
  await expect(decision).toContainText('Step 1 of');
  return { panel, decision };
}

/** A step by its title in the list, the last one of that name where there are several. */
async function step(panel: Locator, title: string): Promise<void> {
  await panel.getByRole('list', { name: 'Steps' }).getByRole('button', { name: title }).last().click();
}

/** Both themes; the one that the page came with last. */
async function accessibleInBothThemes(page: Page): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme);
    await accessible(page);
  }
}

test('a ping that was sent before somebody looked, step by step', async ({ page, isMobile }) => {
  const { problems } = watch(page);
  await page.goto(chapter);
  const dock = await openLab(page, 'empty-stack');
  await run(page, cable);
  await run(page, 'ping -c1 172.30.0.11');
  const { panel, decision } = await follow(page, 'echo request');
  await expect(decision).toContainText('A program in host sends');
  await page.keyboard.press('ArrowRight');
  await expect(decision).toContainText('172.30.0.0/24 in table main is the longest match');
  await page.keyboard.press('ArrowRight');
  await expect(decision).toContainText('It sent an ARP request on veth1');
  await expect(panel.getByTestId('headers')).toContainText('Ethernet added');
  await page.keyboard.press('ArrowLeft');
  await expect(decision).toContainText('Step 2 of');
  await page.keyboard.press('End');
  await expect(decision).toContainText('answers echo requests itself');
  await page.keyboard.press('Home');
  await expect(decision).toContainText('Step 1 of');
  await panel.getByRole('button', { name: 'Reply' }).click();
  await expect(decision).toContainText('The kernel of c1 answers');
  await panel.getByRole('button', { name: 'Map' }).click();
  await expect(panel.getByTestId('topology')).toBeVisible();
  await panel.getByRole('button', { name: 'Road' }).click();
  await expect(panel.getByRole('img', { name: 'The road of the packet through c1, host.' })).toBeVisible();
  if (!isMobile) await accessibleInBothThemes(page);
  else {
    await accessible(page);
    // One below the other, and what closes the panel is on the screen.
    await expect(panel.getByRole('button', { name: 'Close the packets' })).toBeInViewport({ ratio: 1 });
    const [decided, steps, headers] = await Promise.all(
      [decision, panel.getByRole('list', { name: 'Steps' }), panel.getByTestId('headers')].map((l) => l.boundingBox()),
    );
    expect(steps!.y).toBeGreaterThanOrEqual(decided!.y + decided!.height - 1);
    expect(headers!.y).toBeGreaterThanOrEqual(steps!.y + steps!.height - 1);
  }
  await fits(page);
  await panel.focus();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(panel).toHaveCount(0);
  await expect(dock.getByTestId('packets')).toBeFocused();
  expect(problems).toEqual([]);
});

test('a packet that died says where and why, and what would have saved it', async ({ page }) => {
  await page.goto(chapter);
  await openLab(page, 'empty-stack');
  await run(page, cable);
  await run(page, 'ip -n c1 link set eth0 down');
  await run(page, 'ping -c1 -W4 172.30.0.11');
  const { panel, decision } = await follow(page, 'Died');
  await page.keyboard.press('End');
  await expect(decision).toContainText('The packet died here.');
  await expect(decision.getByRole('heading', { level: 2 })).toBeInViewport();
  await expect(panel.getByTestId('lived')).toContainText('if eth0 in c1 were up', { timeout: 30_000 });
  await accessibleInBothThemes(page);
  await fits(page);
});

test('a packet plays by itself until a key is pressed, and stands still for who wants less motion', async ({
  page,
  isMobile,
}) => {
  test.skip(isMobile, 'once is enough');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(chapter);
  await openLab(page, 'empty-stack');
  await run(page, 'ip link set lo up; ping -c1 127.0.0.1');
  const { panel, decision } = await follow(page, 'echo request');
  expect(
    await panel
      .locator('svg g[style*="translate"]')
      .first()
      .evaluate((g) => getComputedStyle(g).transitionDuration),
  ).toBe('0s');
  await panel.getByRole('button', { name: 'Play' }).click();
  await expect(decision).toContainText('Step 2 of', { timeout: 6000 });
  await page.keyboard.press('ArrowLeft');
  await expect(panel.getByRole('button', { name: 'Play' })).toBeVisible();
  await page.waitForTimeout(3200);
  await expect(decision).toContainText('Step 1 of');
});

test.describe('in the labs of later chapters', () => {
  test.skip(({ isMobile }) => isMobile, 'the same panel, which the phone has opened above');

  test('a published port: the rule, the entry, and the reply that the entry turns back', async ({ page }) => {
    const { problems } = watch(page);
    await page.goto(nat);
    await openLab(page, 'letting-in');
    await run(
      page,
      'iptables -t nat -A PREROUTING -p tcp --dport 8080 ! -i br0 -j DNAT --to-destination 172.30.0.11:80',
    );
    await page.getByRole('tab', { name: /^outside\b/ }).click();
    await expect.poll(() => terminalText(page)).toMatch(/[#$]\s*$/);
    expect(await run(page, 'curl -s http://203.0.113.2:8080/')).toContain('the page of c1');
    const { panel, decision } = await follow(page, 'SYN');
    await step(panel, 'nat PREROUTING');
    await expect(decision).toContainText(
      'Rule 1 of chain PREROUTING (table nat) rewrites the destination: it was 203.0.113.2:8080, it is now 172.30.0.11:80.',
    );
    await expect(decision).toContainText('-j DNAT --to-destination 172.30.0.11:80');
    await expect(decision).toContainText('What conntrack will remember');
    await expect(panel.getByTestId('headers')).toContainText('203.0.113.2 172.30.0.11');
    await accessibleInBothThemes(page);
    await panel.getByRole('button', { name: 'Reply' }).click();
    await step(panel, 'NAT by entry');
    await expect(decision).toContainText('The entry of the connection, not a rule, turns back the source');
    await fits(page);
    expect(problems).toEqual([]);
  });

  test('a packet inside of another one, dropped by the policy of a router on its way', async ({ page }) => {
    await page.goto(hosts);
    await openLab(page, 'third-host');
    await run(page, 'ip netns exec pod1 ping -c1 -W1 10.244.3.2');
    const { panel, decision } = await follow(page, 'Died');
    await step(panel, 'flannel.1');
    await expect(decision).toContainText('it puts the whole frame into a UDP datagram to 192.168.60.13, port 8472');
    await expect(panel.getByTestId('headers')).toContainText('VXLAN added');
    await page.keyboard.press('End');
    await expect(decision).toContainText(
      'None of the 4 rules of chain FORWARD (table filter) fits, and its policy is DROP.',
    );
    await expect(decision).toContainText('NETFILTER_DROP');
    const lived = panel.getByTestId('lived');
    await expect(lived).toContainText('if FORWARD of router accepted UDP to port 8472', { timeout: 40_000 });
    await expect(lived).toContainText('the answer comes back');
    await accessibleInBothThemes(page);
    await fits(page);
  });
});
