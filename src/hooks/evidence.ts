/** What a reader has pinned while looking for a fault: commands with the line that matters, kept in this browser. */

/** One pinned command. */
export interface Evidence {
  /** Terminal it was typed in, by its tab's name. */
  readonly place: string;
  readonly command: string;
  /** The last line that it printed; empty when it printed nothing. */
  readonly said: string;
}

// Below the labs' own prefix, so that erasing the labs erases it, too.
const prefix = 'ftp:lab:evidence:';
/** A prompt as the machines print it, with what was typed at it. */
const prompt = /^\S+@\S+:\S*[#$] (.*)$/;
/** More than this no panel can show. */
const most = 12;

/** The newest command in a terminal's text that has ended, or null when there is none yet. */
export function lastCommand(text: string): Omit<Evidence, 'place'> | null {
  const lines = text.split('\n');
  // The last line is the prompt at which the reader is; a command whose prompt is the last line still runs.
  for (let i = lines.length - 2; i >= 0; i--) {
    const typed = prompt.exec(lines[i] ?? '')?.[1]?.trim();
    if (!typed) continue;
    const rest = lines.slice(i + 1);
    const end = rest.findIndex((line) => /^\S+@\S+:\S*[#$]( |$)/.test(line));
    const output = (end < 0 ? rest : rest.slice(0, end)).map((line) => line.trim()).filter((line) => line !== '');
    return { command: typed, said: output.at(-1) ?? '' };
  }
  return null;
}

/** What is pinned in a lab; empty when nothing is, or when what is stored cannot be read. */
export function loadEvidence(lab: string): Evidence[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(prefix + lab) ?? '[]');
    if (!Array.isArray(value)) return [];
    return value.filter(
      (e: unknown): e is Evidence =>
        typeof e === 'object' &&
        e !== null &&
        ['place', 'command', 'said'].every((key) => typeof (e as Record<string, unknown>)[key] === 'string'),
    );
  } catch {
    return [];
  }
}

/** Keeps the newest of it. Without storage it lasts until the lab is closed. */
export function saveEvidence(lab: string, evidence: readonly Evidence[]): void {
  try {
    localStorage.setItem(prefix + lab, JSON.stringify(evidence.slice(-most)));
  } catch {
    // Nothing else depends on it.
  }
}
