// TEMPORARY STUB, never committed: stands in for the real worker while the site is built. Overwrite it.
import { expose } from 'comlink';
import type { CompiledLab, Place, SavedSession, SessionListener, SessionState } from './protocol';

let lab: CompiledLab, listener: SessionListener;
const lines = new Map<number, string>();
let state: SessionState;
const enc = new TextEncoder();
const out = (t: number, s: string) => void listener.output(t, enc.encode(s.replaceAll('\n', '\r\n')));
let journal: any[] = [];
const prompt = (t: number) => out(t, `\x1b[90mroot@host:~#\x1b[0m `);
let done = 0;
function push() {
  state = { ...state, elapsed: state.elapsed + 1e5, tasks: lab.tasks.map((t, i) => ({ id: t.id, state: i < done ? 'done' : i === done ? 'active' : i === lab.tasks.length - 1 ? 'lost' : 'open', feedback: i === done && done > 0 ? 'veth1 is up and still says `NO-CARRIER`.' : null, hintsShown: shown.get(t.id) ?? [], hintsLeft: t.hints.length - (shown.get(t.id)?.length ?? 0), undoneBy: i === lab.tasks.length - 1 ? 'ip netns del c1' : undefined } as any)), undoable: journal.length, solved: done >= lab.tasks.length && done > 0, checkpoints: lab.tasks.slice(0, done + 1).map((t) => t.id) };
  void listener.state(state);
}
const shown = new Map<string, string[]>();
const save = () => void listener.save({ version: 1, lab: lab.id, fingerprint: lab.fingerprint, journal, done: lab.tasks.slice(0, done).map((t) => t.id), hints: {} });
expose({
  async start(l: CompiledLab, saved: SavedSession | null, li: SessionListener) {
    lab = l; listener = li; done = saved?.done.length ?? 0; journal = [...(saved?.journal ?? [])];
    state = { elapsed: 0, tasks: [], solved: false, topology: lab.topology, terminals: lab.places.map((p, i) => ({ id: i + 1, place: p, title: p.machine, alive: true })), undoable: 0, busy: false, checkpoints: [] };
    push(); state.terminals.forEach((t) => prompt(t.id)); return { resumed: !!saved };
  },
  async open(place: Place) { const id = state.terminals.length + 1; state = { ...state, terminals: [...state.terminals, { id, place, title: place.machine, alive: true }] }; push(); prompt(id); return id; },
  async close(id: number) { state = { ...state, terminals: state.terminals.filter((t) => t.id !== id) }; push(); },
  async input(t: number, data: string) {
    for (const ch of data) {
      if (ch === '\r') {
        const c = lines.get(t) ?? ''; lines.set(t, ''); out(t, '\n'); journal.push({ steps: 0, time: 0, event: { kind: 'input', terminal: t, data: c } });
        if (c === 'hang') for (;;);
        if (c === 'crash') void listener.crash('The world stopped. What you did is kept.', 'stack');
        if (c === 'next') done++;
        if (c.includes('down')) state = { ...state, topology: { ...state.topology, boxes: state.topology.boxes.map((b) => ({ ...b, ports: b.ports.map((p) => (p.kind === 'veth' ? { ...p, state: b.kind === 'machine' ? 'down' as const : 'half' as const } : p)) })), links: state.topology.links.map((k) => ({ ...k, alive: false })) } };
        out(t, c ? `bash: ${c}: ok\n\x1b[36mlo\x1b[0m  \x1b[31mDOWN\x1b[0m \x1b[33m00:00:00:00:00:00\x1b[0m <LOOPBACK>\n` : ''); prompt(t); push(); save();
      } else if (ch === '\x7f') { const c = lines.get(t) ?? ''; if (c) { lines.set(t, c.slice(0, -1)); out(t, '\b \b'); } }
      else if (ch >= ' ') { lines.set(t, (lines.get(t) ?? '') + ch); out(t, ch); }
    }
  },
  async resize() {}, async undo() { return journal.pop()?.event.data ?? null; },
  async reset() { done = 0; journal = []; state.terminals.forEach((t) => { void listener.rewind(t.id); prompt(t.id); }); push(); save(); },
  async hint(id: string) { const t = lab.tasks.find((x) => x.id === id)!; const s = shown.get(id) ?? []; const h = t.hints[s.length]?.say ?? null; if (h) shown.set(id, [...s, h]); push(); return h; },
  async skip() {}, async ping() { return 0; },
});
