/** Connections as text, in the forms of libnetfilter_conntrack. */
import type { Micros } from '../../core';
import type { Connection, Tuple } from '../../net/conntrack';
import { CT_STATUS, TCP_STATES, protocolName, tupleText } from '../../net/conntrack';
import { formatIp } from '../../wire';
import { DAYS, MONTHS, gmtime } from '../lib/strftime';

/** What an entry is printed for; events say less than dumps do. */
export interface Form {
  readonly output: ReadonlySet<string>;
  readonly now: Micros;
  /** Holders of the entry while it is printed; undefined in events, which do not say. */
  readonly use: number | undefined;
  /** Of an event: whether counters are known (they are when the connection ends), and whether it has a remaining life. */
  readonly event: 'NEW' | 'UPDATE' | 'DESTROY' | undefined;
}

function ctime(at: Micros): string {
  const t = gmtime(at);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${DAYS[t.weekday]!.slice(0, 3)} ${MONTHS[t.month - 1]!.slice(0, 3)} ${String(t.day).padStart(2)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)} ${t.year}`;
}

const secondsLeft = (c: Connection, now: Micros): number => Math.max(0, Math.floor((c.expires - now) / 1e6));

/** One line without its end. */
export function line(c: Connection, form: Form): string {
  const { original: o, reply, status } = c;
  const { output, event } = form;
  const counted = c.acct && (event === undefined || event === 'DESTROY');
  const counters = (dir: 0 | 1): string => (counted ? `packets=${c.packets[dir]} bytes=${c.bytes[dir]} ` : '');
  const left = event === 'NEW' ? Math.round((c.expires - form.now) / 1e6) : secondsLeft(c, form.now);
  let text = '';
  if (output.has('extended')) text += `${o.family === 'inet' ? 'ipv4     2' : 'ipv6     10'} `;
  text += `${protocolName(o.protocol).padEnd(8)} ${o.protocol} `;
  if (event !== 'DESTROY' || left > 0) text += `${left} `;
  if (o.protocol === 6) text += `${TCP_STATES[c.tcpState]} `;
  text += `${tupleText(o)} ${counters(0)}`;
  if (!(status & CT_STATUS.SEEN_REPLY)) text += '[UNREPLIED] ';
  text += `${tupleText(reply)} ${counters(1)}`;
  if (status & CT_STATUS.ASSURED) text += '[ASSURED] ';
  if (event === undefined || c.mark !== 0) text += `mark=${c.mark} `;
  if (c.zone !== 0) text += `zone=${c.zone} `;
  if (c.started !== 0 && (event === undefined || event === 'DESTROY')) {
    text += `delta-time=${Math.floor(((c.stopped || form.now) - c.started) / 1e6)} `;
    if (output.has('ktimestamp')) {
      text += `[start=${ctime(c.started)}] `;
      if (c.stopped) text += `[stop=${ctime(c.stopped)}] `;
    }
  }
  if (form.use !== undefined) text += `use=${form.use} `;
  if (output.has('id')) text += `id=${c.id} `;
  return text.trimEnd();
}

/** The options by which `conntrack -A` would make it again (`-o save`). */
export function saved(c: Connection, now: Micros): string {
  const { original: o, reply: r, status } = c;
  const names = [status & CT_STATUS.SEEN_REPLY ? 'SEEN_REPLY' : '', status & CT_STATUS.ASSURED ? 'ASSURED' : ''].filter(
    (n) => n !== '',
  );
  const words: (string | number)[] = ['-A', '-t', secondsLeft(c, now), '-u', names.join(',') || 'UNSET'];
  if (c.zone !== 0) words.push('-w', c.zone);
  words.push('-s', formatIp(o.src), '-d', formatIp(o.dst));
  words.push(r.src === o.dst ? '-r' : '-g', formatIp(r.src), r.dst === o.src ? '-q' : '-n', formatIp(r.dst));
  const name = protocolName(o.protocol);
  words.push('-p', name === 'unknown' ? o.protocol : name);
  if (o.protocol === 1 || o.protocol === 58) {
    const prefix = o.protocol === 1 ? '--icmp' : '--icmpv6';
    words.push(`${prefix}-type`, o.dport >> 8, `${prefix}-code`, o.dport & 0xff, `${prefix}-id`, o.sport);
  } else if (name !== 'unknown') {
    words.push('--sport', o.sport, '--dport', o.dport, '--reply-port-src', r.sport, '--reply-port-dst', r.dport);
  }
  if (o.protocol === 6) words.push('--state', TCP_STATES[c.tcpState]!);
  return words.join(' ');
}

function xmlTuple(t: Tuple): string {
  const four = t.family === 'inet';
  const layer3 = `<layer3 protonum="${four ? 2 : 10}" protoname="${four ? 'ipv4' : 'ipv6'}"><src>${formatIp(t.src)}</src><dst>${formatIp(t.dst)}</dst></layer3>`;
  const ports = [6, 17, 33, 132, 136].includes(t.protocol);
  const inner = ports ? `<sport>${t.sport}</sport><dport>${t.dport}</dport>` : '';
  return `${layer3}<layer4 protonum="${t.protocol}" protoname="${protocolName(t.protocol)}">${inner}</layer4>`;
}

/** What comes before and after all entries in XML. */
export const XML_BEGIN = '<?xml version="1.0" encoding="utf-8"?>\n<conntrack>\n';
/** What ends the XML listing. */
export const XML_END = '</conntrack>\n';

/** One `<flow>`. */
export function xml(c: Connection, form: Form): string {
  const { event } = form;
  const counted = c.acct && (event === undefined || event === 'DESTROY');
  const meta = (dir: 0 | 1): string => {
    const counters = counted
      ? `<counters><packets>${c.packets[dir]}</packets><bytes>${c.bytes[dir]}</bytes></counters>`
      : '';
    return `<meta direction="${dir === 0 ? 'original' : 'reply'}">${xmlTuple(dir === 0 ? c.original : c.reply)}${counters}</meta>`;
  };
  let text = `<flow${event === undefined ? '' : ` type="${event.toLowerCase()}"`}>${meta(0)}${meta(1)}<meta direction="independent">`;
  const left = event === 'NEW' ? Math.round((c.expires - form.now) / 1e6) : secondsLeft(c, form.now);
  if (c.original.protocol === 6) text += `<state>${TCP_STATES[c.tcpState]}</state>`;
  if (event !== 'DESTROY' || left > 0) text += `<timeout>${left}</timeout>`;
  if (event === undefined || c.mark !== 0) text += `<mark>${c.mark}</mark>`;
  if (c.zone !== 0) text += `<zone>${c.zone}</zone>`;
  if (form.use !== undefined) text += `<use>${form.use}</use>`;
  text += `<id>${c.id}</id>`;
  if (c.status & CT_STATUS.ASSURED) text += '<assured/>';
  if (!(c.status & CT_STATUS.SEEN_REPLY)) text += '<unreplied/>';
  if (c.started !== 0 && (event === undefined || event === 'DESTROY'))
    text += `<deltatime>${Math.floor(((c.stopped || form.now) - c.started) / 1e6)}</deltatime>`;
  text += '</meta>';
  if (form.output.has('timestamp')) {
    const t = gmtime(form.now);
    text += `<when><hour>${t.hour}</hour><min>${t.minute}</min><sec>${t.second}</sec><wday>${t.weekday + 1}</wday><day>${t.day}</day><month>${t.month}</month><year>${t.year}</year></when>`;
  }
  return `${text}</flow>`;
}
