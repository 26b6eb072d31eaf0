/** Line-oriented protocols over TCP: the first line, or with -v the whole message. */
import type { Dissector } from './dissector';

const HTTP_METHODS = new Set(
  (
    'GET PUT COPY HEAD LOCK MOVE POLL POST BCOPY BMOVE MKCOL TRACE LABEL MERGE DELETE SEARCH UNLOCK REPORT UPDATE ' +
    'NOTIFY BDELETE CONNECT OPTIONS CHECKIN PROPFIND CHECKOUT CCM_POST SUBSCRIBE PROPPATCH BPROPFIND BPROPPATCH ' +
    'UNCHECKOUT MKACTIVITY MKWORKSPACE UNSUBSCRIBE RPC_CONNECT VERSION-CONTROL BASELINE-CONTROL'
  ).split(' '),
);

const RTSP_METHODS = new Set(
  'OPTIONS DESCRIBE ANNOUNCE SETUP PLAY PAUSE TEARDOWN GET_PARAMETER SET_PARAMETER REDIRECT RECORD'.split(' '),
);

/** The next blank-delimited word and where the one after it starts; undefined when no blank or line end follows it. */
function token(d: Dissector, at: number, end: number): { word: string; next: number } | undefined {
  let p = at;
  let word = '';
  for (; p < end; p++) {
    if (!d.has(p, 1)) return undefined;
    const c = d.u8(p);
    if (c === 32 || c === 9 || c === 13 || c === 10) break;
    if (c < 33 || c > 126 || word.length >= 128) return undefined;
    word += String.fromCharCode(c);
  }
  if (word === '' || p >= end) return undefined;
  while (p < end && d.has(p, 1)) {
    const c = d.u8(p);
    if (c !== 32 && c !== 9 && c !== 13 && c !== 10) break;
    p++;
    if (c === 10) break;
  }
  return { word, next: p };
}

/** Prints one line behind `prefix`. @returns where the next line starts, or 0 when this was no complete text line. */
function printLine(d: Dissector, prefix: string, at: number, end: number): number {
  let text = '';
  for (let p = at; p < end; p++) {
    const c = d.u8(p);
    if (c === 10) {
      d.print(prefix + text);
      return p + 1;
    }
    if (c === 13) {
      if (p + 1 >= end || d.u8(p + 1) !== 10) return 0;
      d.print(prefix + text);
      return p + 2;
    }
    if ((c < 32 || c > 126) && c !== 9) return 0;
    text += String.fromCharCode(c);
  }
  // a message that ends inside a line counts as cut
  d.print(`${prefix}${text} [|${d.protocol}]`);
  return 0;
}

/** SSH: the version line of the plain-text start, nothing of what follows. */
function printSsh(d: Dissector, at: number, end: number): void {
  let line = '';
  for (let p = at; p < end; p++) {
    const c = d.u8(p);
    if (c === 10 || c === 13) break;
    if (c < 32 || c > 126) return;
    line += String.fromCharCode(c);
  }
  d.print(`: SSH: ${line}`);
}

/** Prints the payload of a text protocol. Bodies without a request or status line get the protocol's name only. */
export function printTextProtocol(
  d: Dissector,
  protocol: 'ftp' | 'ssh' | 'smtp' | 'whois' | 'http' | 'rtsp',
  at: number,
  length: number,
): void {
  d.protocol = protocol;
  const end = at + length;
  if (protocol === 'ssh') {
    printSsh(d, at, end);
    return;
  }
  d.print(`: ${protocol.toUpperCase()}`);
  let show = true;
  if (protocol === 'http' || protocol === 'rtsp') {
    const first = token(d, at, end);
    const second = first === undefined ? undefined : token(d, first.next, end);
    const methods = protocol === 'http' ? HTTP_METHODS : RTSP_METHODS;
    const request = first !== undefined && methods.has(first.word.toUpperCase());
    show = request || (second !== undefined && /^\d{3}$/.test(second.word));
  }
  if (!show) return;
  if (d.verbose === 0) {
    printLine(d, ': ', at, end);
    return;
  }
  d.print(`, length: ${length}`);
  for (let p = at; p < end;) {
    p = printLine(d, '\n\t', p, end);
    if (p === 0) return;
  }
}
