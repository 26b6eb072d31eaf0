/** `npm run bench [-- NAME...]`: prints the budgets' table. `size` and `wait` need a built site (`npm run build`). */
import { size, wait } from './browser';
import { bundle } from './bundle';
import type * as Engine from './engine';
import { forward } from './forward';
import type { Row } from './table';
import { print } from './table';

async function engine(): Promise<Row[]> {
  const { file, remove } = bundle('engine');
  try {
    return ((await import(file)) as typeof Engine).engine();
  } finally {
    remove();
  }
}

const BENCHES: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = { engine, forward, size, wait };

async function main(names: string[]): Promise<number> {
  const unknown = names.find((name) => !(name in BENCHES));
  if (unknown !== undefined) {
    console.error(`there is no benchmark "${unknown}" (there are: ${Object.keys(BENCHES).join(', ')})`);
    return 2;
  }
  const rows: Row[] = [];
  for (const [name, run] of Object.entries(BENCHES)) {
    if (names.length === 0 || names.includes(name)) rows.push(...(await run()));
  }
  return print(rows) === 0 ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
