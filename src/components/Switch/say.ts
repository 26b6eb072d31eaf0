/** The picture of a bridge in words. Text with `code` between backticks. */
import type { SwitchFrame, SwitchReceipt, SwitchStation, SwitchStep, SwitchView } from '../../lab/switch-view';

/** Which addresses the picture shows: those that the bridge reads, or those that the stations decide by. */
export type Layer = 'mac' | 'ip';

/** The station at a port. */
export function stationAt(view: SwitchView, port: string): SwitchStation | undefined {
  return view.stations.find((s) => s.port === port);
}

/** Who sent a frame, or, while nobody sends, who sent the first one. */
export function senderOf(view: SwitchView, step: SwitchStep | undefined): string {
  const frame = step?.kind === 'frame' ? step : view.steps.find((s) => s.kind === 'frame');
  return frame?.kind === 'frame' ? (stationAt(view, frame.from)?.title ?? frame.from) : '';
}

/** A step's name: `ARP: who has 172.30.0.12?` */
export function headline(step: SwitchStep | undefined): string {
  if (!step) return 'Before the first frame';
  return step.kind === 'silence' ? 'Nobody sends' : `${step.protocol}: ${step.what}`;
}

/** What a step shows, in sentences. */
export function explain(view: SwitchView, step: SwitchStep | undefined, layer: Layer): string {
  const who = senderOf(view, step);
  if (!step)
    return layer === 'mac'
      ? `${known(view.start.length)} Nobody has sent anything for a while.`
      : `\`${who}\` has a route to its own network, and its neighbour table is empty.`;
  if (step.kind === 'silence') {
    if (layer === 'ip')
      return step.neighbours.some((n) => n.mac !== undefined)
        ? `\`${who}\` has forgotten nothing. Its line is ${step.neighbours[0]!.state} now: old, and still used.`
        : `The neighbour table of \`${who}\` has no MAC address either.`;
    const lines = step.forgotten.length === 1 ? 'one line' : `${step.forgotten.length} lines`;
    return step.forgotten.length === 0
      ? `${seconds(step.later)} without a frame. \`${view.bridge}\` still knows what it has learned.`
      : `${seconds(step.later)} without a frame. \`${view.bridge}\` has taken ${lines} out of its table: after ${view.ageing} seconds without a sign of life it forgets.`;
  }
  return layer === 'mac' ? switched(view, step) : routed(step, who);
}

function known(lines: number): string {
  return lines === 0 ? 'The table is empty.' : `The table has ${lines} ${lines === 1 ? 'line' : 'lines'}.`;
}

/** What the bridge does: it learns, then it looks up. */
function switched(view: SwitchView, f: SwitchFrame): string {
  const own = f.from === view.bridge;
  const learned = own
    ? 'It comes from the host itself.'
    : f.learned
      ? `\`${view.bridge}\` learns: \`${f.src}\` is behind \`${f.from}\`.`
      : `\`${f.src}\` is behind \`${f.from}\`, as it was; its age begins anew.`;
  return `${learned} ${decided(view, f)}`;
}

function decided(view: SwitchView, f: SwitchFrame): string {
  const ports = f.to.filter((p) => p !== view.bridge);
  const flood = `it leaves by every other port: ${listed(ports)}`;
  const host = f.to.includes(view.bridge) ? ' The host gets it as well.' : '';
  switch (f.receiver) {
    case 'everybody':
      return `The frame is for everybody, so ${flood}.${host}`;
    case 'group':
      return `The frame is for a group, so ${flood}.${host}`;
    case 'unknown':
      return `No line has \`${f.dst}\`, so ${flood}.${host}`;
    case 'own':
      return `\`${f.dst}\` is the address of \`${view.bridge}\` itself: the frame is handed to the host and leaves by no port.`;
    case 'known':
      return ports.length === 0
        ? `\`${f.dst}\` is in the table, and the frame may not leave by that port.`
        : `\`${f.dst}\` is in the table: the frame leaves by ${listed(ports)} alone.`;
  }
}

/** The address that the sender's route names as the next stop; undefined where no route was asked. */
export function nextHop(f: SwitchFrame): string | undefined {
  return f.route && (f.route.gateway ?? f.ip.dst);
}

/** What the sender decided: the next hop, and the MAC address for it. */
function routed(f: SwitchFrame, who: string): string {
  const hop = nextHop(f) ?? f.ip.dst;
  const entry = f.neighbours.find((n) => n.address === hop);
  const near = f.route
    ? f.route.gateway === undefined
      ? `By its route \`${f.route.text}\` the destination is near: the next hop is \`${hop}\` itself.`
      : `By its route \`${f.route.text}\` the destination is far: the next hop is \`${hop}\`.`
    : '';
  if (f.protocol !== 'ARP')
    return `${near} The neighbour table of \`${who}\` has its MAC address${entry && entry.state !== 'REACHABLE' ? ` (${entry.state})` : ''}: no question is needed.`;
  if (f.receiver === 'everybody') return `${near} \`${who}\` has no MAC address for it, so it asks everybody.`;
  if (entry?.state === 'PROBE')
    return `\`${who}\` has used its line for \`${hop}\` without a proof that it is still right. It asks that address, and nobody else.`;
  return `\`${who}\` answers to the one who asked. An answer needs no route.`;
}

/** What a station does with a copy, in two or three words. */
export function fate(f: SwitchFrame, receipt: SwitchReceipt): string {
  if (receipt.fate === 'dropped') {
    if (receipt.reason === 'OTHERHOST') return 'not its MAC: drops it';
    return receipt.reason === 'IP_INADDRERRORS' ? 'not its IP: drops it' : 'drops it';
  }
  if (receipt.fate === 'read') return 'not its IP: ignores it';
  return f.protocol === 'ARP' ? (f.what.startsWith('who has') ? 'will answer' : 'takes note') : 'takes it';
}

/** What a frame did to a line of the forwarding database. */
export function use(f: SwitchFrame, mac: string): string {
  if (mac === f.src) return f.learned ? 'learned' : 'seen';
  return mac === f.dst ? 'used' : '';
}

/** Microseconds as whole seconds. */
function seconds(micros: number): string {
  return `${Math.round(micros / 1e6)} seconds`;
}

function listed(names: readonly string[]): string {
  const code = names.map((n) => `\`${n}\``);
  if (code.length === 0) return 'there is none';
  return code.length > 1 ? `${code.slice(0, -1).join(', ')} and ${code.at(-1)}` : code[0]!;
}
