import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { parse } from 'yaml';
import { chapter, openLab, terminal, terminalText } from './helpers';

interface Script {
  readonly on?: string;
  readonly run: string | readonly { readonly on?: string; readonly run: string }[];
}

interface LabFile {
  readonly id: string;
  readonly terminals?: readonly string[];
  readonly tasks: readonly {
    readonly id: string;
    readonly solve: readonly Script[];
    readonly wrong: readonly Script[];
    readonly hints?: readonly unknown[];
  }[];
}

/** Every lab of every chapter, with the page that it is on. */
const labs = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.lab.yaml'))
  .sort()
  .map((path) => ({
    ...(parse(readFileSync(join('docs', path), 'utf8')) as LabFile),
    page: `course/${dirname(path).replaceAll('\\', '/')}/`,
  }));

/** The labs that are solved on the phone as well; the others differ in their world alone. */
const first = labs.filter((lab) => lab.page === chapter);

/** Shows the terminal at a place, opening one where there is none. */
async function show(page: Page, place: string): Promise<void> {
  const name = place.split('/').at(-1) ?? place;
  const tab = page.getByRole('tab', { name: new RegExp(`^${name}\\b`) }).first();
  if ((await tab.count()) === 0) {
    await page.getByRole('button', { name: 'New terminal' }).click();
    await page.getByRole('menuitem', { name: `On ${name}`, exact: true }).click();
  }
  await tab.click();
  await terminal(page).click();
}

/** Types the lines of a script where they belong, as a reader would: one after the other, each after the prompt. */
async function type(page: Page, lab: LabFile, script: Script): Promise<void> {
  const home = lab.terminals?.[0]?.split('/')[0] ?? 'host';
  const steps =
    typeof script.run === 'string' ? [{ run: script.run, ...(script.on ? { on: script.on } : {}) }] : script.run;
  for (const step of steps) {
    await show(page, step.on ?? script.on ?? home);
    for (const line of step.run.trimEnd().split('\n')) {
      // A background job may print after the prompt, so prompts are counted instead of looking at the last line.
      const prompts = async (): Promise<number> => (await terminalText(page)).match(/^\S+@\S+:[^\n]*?#/gm)?.length ?? 0;
      const before = await prompts();
      await page.keyboard.type(`${line}\n`);
      await expect.poll(prompts, { timeout: 20_000 }).toBeGreaterThan(before);
    }
  }
}

/** The tasks are in another pane of the phone's sheet; their state is in the page all the same. */
async function expectState(page: Page, task: string, state: string): Promise<void> {
  await expect(page.getByTestId(`task-${task}`)).toHaveAttribute('data-state', state, { timeout: 20_000 });
}

for (const lab of labs)
  test(`${lab.id}: every task is done by its solution, and stays done after a reload`, async ({ page }, info) => {
    test.skip(info.project.name === 'phone' && !first.includes(lab), 'the phone solves those of the first chapter');
    test.setTimeout(180_000);
    await page.goto(lab.page);
    await openLab(page, lab.id);
    for (const task of lab.tasks) {
      const [solution] = task.solve;
      if (solution) await type(page, lab, solution);
      await expectState(page, task.id, 'done');
    }
    await expect(page.getByTestId('solved')).toHaveCount(1);
    await page.reload();
    await openLab(page, lab.id);
    for (const task of lab.tasks) await expectState(page, task.id, 'done');
  });

for (const lab of first)
  test(`${lab.id}: a known mistake is answered, and undo takes it back`, async ({ page }, info) => {
    test.skip(info.project.name === 'phone', 'the same mechanism; the sheet is tested apart');
    await page.goto(chapter);
    await openLab(page, lab.id);
    const [task] = lab.tasks;
    const [wrong] = task?.wrong ?? [];
    if (!task || !wrong) throw new Error(`${lab.id} has no wrong attempt`);
    await type(page, lab, wrong);
    await expect(page.getByTestId(`task-${task.id}`).getByTestId('feedback')).not.toBeEmpty({ timeout: 20_000 });
    expect(await page.getByTestId(`task-${task.id}`).getAttribute('data-state')).not.toBe('done');
    const undo = page.getByRole('button', { name: 'Undo the last command' });
    await undo.click();
    await expect(page.getByTestId('said')).toContainText('Undone:');
  });

test('hints come one at a time', async ({ page }, info) => {
  test.skip(info.project.name === 'phone', 'the sheet is tested apart');
  const lab = labs.find((l) => l.id === 'empty-stack');
  const hints = lab?.tasks[0]?.hints?.length ?? 0;
  await page.goto(chapter);
  await openLab(page, 'empty-stack');
  const task = page.getByTestId('task-exists');
  await task.getByRole('button', { name: 'Hint', exact: true }).click();
  const first = await task.getByTestId('hint').textContent();
  expect(first).not.toBe('');
  if (hints > 1) {
    await task.getByRole('button', { name: 'Next hint' }).click();
    await expect(task.getByTestId('hint')).not.toHaveText(first ?? '');
  }
});

test('the layer of a break-fix is named and evidence pinned, and both are kept', async ({ page }, info) => {
  test.skip(info.project.name === 'phone', 'the sheet is tested apart');
  await page.goto(chapter);
  await openLab(page, 'silent-cable');
  const said = page.getByTestId('layer');
  await expect(said).toBeEmpty();
  await page.getByRole('button', { name: 'Route', exact: true }).click();
  await expect(said).toContainText('Network is unreachable');
  await page.getByRole('button', { name: 'Cable', exact: true }).click();
  await expect(said).toContainText('Yes.');
  await type(page, { id: '', tasks: [] }, { run: 'ip -br link show veth1' });
  await page.getByRole('button', { name: 'Pin it' }).click();
  await expect(page.getByTestId('evidence')).toContainText('ip -br link show veth1');
  await expect(page.getByTestId('evidence')).toContainText('DOWN');
  await page.reload();
  await openLab(page, 'silent-cable');
  await expect(page.getByRole('button', { name: 'Cable', exact: true })).toHaveAttribute('aria-pressed', 'true');
  await page.getByRole('button', { name: 'Unpin ip -br link show veth1' }).click();
  await expect(page.getByTestId('evidence')).not.toContainText('veth1');
});
