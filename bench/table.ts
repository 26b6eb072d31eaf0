/** One measured claim. `bound` true for budgets that hold on any machine (bytes, counts): breaking one fails the run. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly budget?: number;
  /** A budget that must be reached instead of kept. */
  readonly least?: number;
  readonly bound?: boolean;
  /** What the figure stands beside: the alternative, measured in the same run unless it says otherwise. */
  readonly beside?: string;
}

/** Prints rows as a table. @returns how many broke a budget that binds. */
export function print(rows: readonly Row[]): number {
  const cells = rows.map((row) => {
    const over =
      (row.budget !== undefined && row.value > row.budget) || (row.least !== undefined && !(row.value >= row.least));
    const limited = row.budget !== undefined || row.least !== undefined;
    const verdict = !limited ? '' : over ? (row.bound ? 'OVER' : 'over here') : 'ok';
    return [
      row.what,
      format(row.value),
      row.unit,
      row.budget !== undefined ? `<= ${format(row.budget)}` : row.least !== undefined ? `>= ${format(row.least)}` : '',
      verdict,
      row.beside ?? '',
    ];
  });
  const widths = cells.reduce<number[]>((w, line) => line.map((cell, i) => Math.max(w[i] ?? 0, cell.length)), []);
  for (const line of cells)
    console.log(
      line
        .map((cell, i) => (i === 1 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    );
  return cells.filter((line) => line[4] === 'OVER').length;
}

function format(n: number): string {
  return n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2);
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
