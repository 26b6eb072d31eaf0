import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../world';
import { makeDns } from '../../wire';
import { parseDig, reverseOf } from './dig-options';
import { illegalName } from './lookup';
import { bodyText, headerText, PLAIN } from './print';
import { dataText, typeByName, typeName } from './text';

/** Two hosts joined by a cable: `a` asks, `b` has a dnsmasq. */
const LAN = [
  'ip netns add a; ip netns add b',
  'ip link add eth0 netns a type veth peer name eth0 netns b',
  'ip -n a addr add 10.0.0.1/24 dev eth0; ip -n b addr add 10.0.0.53/24 dev eth0',
  'for n in a b; do ip -n $n link set lo up; ip -n $n link set eth0 up; done; sleep 3',
  'mkdir -p /etc/netns/a; echo "nameserver 10.0.0.53" > /etc/netns/a/resolv.conf; echo "127.0.0.1 localhost" > /etc/netns/a/hosts',
];
const SERVER = `ip netns exec b dnsmasq -k -h -R -u root --local=/lab.test/ -T 300 --host-record=db.lab.test,10.0.0.90 \
--host-record=six.lab.test,10.0.0.93,fd00::93 --cname=www.lab.test,db.lab.test --mx-host=lab.test,mail.lab.test,10 \
--txt-record='t.lab.test,"a b","c\\"d"' --srv-host=_http._tcp.lab.test,db.lab.test,80,10,20 & sleep 0.5`;

function screen(...lines: readonly string[]): string {
  const world = createWorld('linux', 'dns');
  let text = '';
  for (const line of [...LAN, SERVER, ...lines]) text = world.exec({ machine: 'host' }, line).screen;
  return text;
}

/** What differs from run to run. */
const level = (text: string): string =>
  text
    .replace(/, id: \d+/g, ', id: N')
    .replace(/\d+ msec/g, 'T msec')
    .replace(/WHEN: .*/g, 'WHEN: W')
    .replace(/in \d+ ms/g, 'in T ms');

test('dig shows the whole answer', () => {
  assert.equal(
    level(screen('ip netns exec a dig www.lab.test')),
    `
; <<>> DiG 9.18.49-1~deb12u3-Debian <<>> www.lab.test
;; global options: +cmd
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: N
;; flags: qr aa rd ra; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
;; QUESTION SECTION:
;www.lab.test.			IN	A

;; ANSWER SECTION:
www.lab.test.		300	IN	CNAME	db.lab.test.
db.lab.test.		300	IN	A	10.0.0.90

;; Query time: T msec
;; SERVER: 10.0.0.53#53(10.0.0.53) (UDP)
;; WHEN: W
;; MSG SIZE  rcvd: 82

`,
  );
});

test('dig: sections, styles and the short form', () => {
  const one = (options: string): string => screen(`ip netns exec a dig ${options}`);
  assert.equal(one('+short www.lab.test'), 'db.lab.test.\n10.0.0.90\n');
  assert.equal(one('+noall +answer +nottlid db.lab.test'), 'db.lab.test.\t\tIN\tA\t10.0.0.90\n');
  assert.equal(one('+noall +answer +ttlunits +nocl db.lab.test'), 'db.lab.test.\t\t5m\tA\t10.0.0.90\n');
  assert.equal(
    one('+noall +answer +unknownformat db.lab.test'),
    'db.lab.test.\t\t300\tCLASS1\tTYPE1\t\\# 4 0A00005A\n',
  );
  assert.equal(
    one('+nocmd +nocomments +nostats db.lab.test'),
    ';db.lab.test.\t\t\tIN\tA\ndb.lab.test.\t\t300\tIN\tA\t10.0.0.90\n',
  );
  assert.equal(one('t.lab.test txt +short'), '"a b" "c\\"d"\n');
  assert.equal(one('-t srv _http._tcp.lab.test +short'), '10 20 80 db.lab.test.\n');
  assert.equal(one('-x 10.0.0.93 -x fd00::93 +short'), 'six.lab.test.\nsix.lab.test.\n');
  assert.match(
    one('+tcp +noall +stats db.lab.test'),
    /^;; Query time: .*\n;; SERVER: 10\.0\.0\.53#53\(10\.0\.0\.53\) \(TCP\)\n/,
  );
  assert.match(one('example.com'), /status: REFUSED.*\n.*\n\n.*\n.*\n; EDE: 14 \(Not Ready\)\n/);
});

test('dig without an answer: what it says and how it ends', () => {
  const one = (options: string): string => screen(`ip netns exec a dig ${options}; echo $?`);
  assert.equal(
    one('+time=1 +tries=2 @10.0.0.99 x'),
    `;; communications error to 10.0.0.99#53: timed out
;; communications error to 10.0.0.99#53: timed out

; <<>> DiG 9.18.49-1~deb12u3-Debian <<>> +time=1 +tries=2 @10.0.0.99 x
; (1 server found)
;; global options: +cmd
;; no servers could be reached
9
`,
  );
  assert.equal(
    one('+short +tries=2 @10.0.0.1 x'),
    ';; communications error to 10.0.0.1#53: connection refused\n'.repeat(2) + ';; no servers could be reached\n9\n',
  );
  assert.equal(
    one('+tries=1 @192.168.9.9 x'),
    ';; UDP setup with 192.168.9.9#53(192.168.9.9) for x failed: network unreachable.\n;; no servers could be reached\n9\n',
  );
  assert.equal(
    one('+tries=1 +tcp @10.0.0.1 x'),
    ';; Connection to 10.0.0.1#53(10.0.0.1) for x failed: connection refused.\n;; no servers could be reached\n9\n',
  );
  assert.equal(one('@nosuch.lab.test x'), "dig: couldn't get address for 'nosuch.lab.test': not found\n1\n");
  assert.equal(one('a..b'), "dig: 'a..b' is not a legal name (empty label)\n10\n");
  assert.match(one('+bogus x'), /^Invalid option: \+bogus\nUsage:/);
});

test('host says it in sentences', () => {
  const one = (options: string): string => screen(`ip netns exec a host ${options}; echo $?`);
  assert.equal(
    one('www.lab.test'),
    'www.lab.test is an alias for db.lab.test.\ndb.lab.test has address 10.0.0.90\n0\n',
  );
  assert.equal(one('-t mx lab.test'), 'lab.test mail is handled by 10 mail.lab.test.\n0\n');
  assert.equal(one('nosuch.lab.test'), 'Host nosuch.lab.test not found: 3(NXDOMAIN)\n1\n');
  assert.equal(one('-t aaaa db.lab.test'), 'db.lab.test has no AAAA record\n0\n');
  assert.equal(one('10.0.0.90'), '90.0.0.10.in-addr.arpa domain name pointer db.lab.test.\n0\n');
  assert.match(
    level(one('-v -t a db.lab.test')),
    /^Trying "db\.lab\.test"\n[^]*\nReceived 45 bytes from 10\.0\.0\.53#53 in T ms\n0\n$/,
  );
});

test('nslookup: one name, and a conversation', () => {
  const server = 'Server:\t\t10.0.0.53\nAddress:\t10.0.0.53#53\n\n';
  const one = (options: string): string => screen(`ip netns exec a nslookup ${options}; echo $?`);
  assert.equal(
    one('six.lab.test'),
    `${server}Name:\tsix.lab.test\nAddress: 10.0.0.93\nName:\tsix.lab.test\nAddress: fd00::93\n\n0\n`,
  );
  assert.equal(one('nosuch.lab.test'), `${server}** server can't find nosuch.lab.test: NXDOMAIN\n\n1\n`);
  assert.equal(one('10.0.0.90'), '90.0.0.10.in-addr.arpa\tname = db.lab.test.\n\n0\n');
  assert.equal(
    screen("printf 'set type=mx\\nlab.test\\nfinger\\nexit\\n' | ip netns exec a nslookup"),
    `${server}lab.test\tmail exchanger = 10 mail.lab.test.\nThe 'finger' command is not implemented.\n\n`,
  );
});

test('types, data and names as text', () => {
  assert.equal(typeByName('aaaa'), 28);
  assert.equal(typeByName('TYPE65280'), 65280);
  assert.equal(typeByName('bogus'), undefined);
  assert.equal(typeName(9999), 'TYPE9999');
  assert.equal(dataText({ type: 'TXT', strings: ['a"b\\\x01'] }), '"a\\"b\\\\\\001"');
  assert.equal(
    dataText({ type: 'raw', typeNumber: 257, bytes: Uint8Array.of(0, 5, 105, 115, 115, 117, 101, 120) }),
    '0 issue "x"',
  );
  assert.equal(dataText({ type: 'raw', typeNumber: 9, bytes: Uint8Array.of(1, 171) }), '\\# 2 01AB');
  assert.equal(reverseOf('10.0.0'), '0.0.10.in-addr.arpa');
  assert.equal(illegalName('a'.repeat(64)), 'IDNA2008 name (domain label longer than 63 characters), use +noidnin');
  assert.equal(illegalName('.'), undefined);
});

test('long names push the columns aside; the cookie that comes back is checked', () => {
  const question = { name: '1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.in-addr.arpa', type: 12, class: 1 };
  const all = { comments: true, question: true, answer: true, authority: true, additional: true };
  const edns = (bytes: Uint8Array) => ({
    udpSize: 1232,
    extendedRcode: 0,
    version: 0,
    dnssecOk: true,
    options: [{ code: 10, bytes }],
  });
  const sent = makeDns({ questions: [question], edns: edns(new Uint8Array(8).fill(7)) });
  const reply = makeDns({ ...sent, response: true, recursionDesired: true, edns: edns(new Uint8Array(16).fill(7)) });
  assert.equal(
    headerText(reply) + bodyText(reply, all, PLAIN, sent),
    `;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 0
;; flags: qr rd; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 1
;; WARNING: recursion requested but not available
;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags: do; udp: 1232
; COOKIE: 07070707070707070707070707070707 (good)
;; QUESTION SECTION:
;1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.in-addr.arpa. IN PTR

`,
  );
});

test('options before the first name hold for all, those behind it for one', () => {
  const { lookups } = parseDig(['dig', '+tcp', 'a.test', '+norec', 'b.test', 'mx', '+tries=5'], '0');
  assert.deepEqual(
    lookups.map((l) => [l.name, l.type, l.tcp, l.rd, l.tries]),
    [
      ['a.test', 1, true, false, undefined],
      ['b.test', 15, true, true, 5],
    ],
  );
});

test('dig -f takes a file of command lines: +short stays, +noall holds for its line', () => {
  assert.equal(
    screen(
      String.raw`printf '# names\n\n+short db.lab.test\ndb.lab.test +noall\nwww.lab.test\n' > /tmp/q`,
      'ip netns exec a dig -f /tmp/q',
    ),
    '10.0.0.90\ndb.lab.test.\n10.0.0.90\n',
  );
  assert.equal(
    screen('ip netns exec a dig -f /tmp/none'),
    "/tmp/none: No such file or directory\ndig: couldn't open specified batch file\n",
  );
});

test("dig and nslookup follow resolv.conf's attempts; host has its own", () => {
  const lost = ';; communications error to 10.0.0.9#53: timed out\n';
  const one = (command: string): string =>
    screen(
      'printf "nameserver 10.0.0.9\\noptions timeout:1 attempts:1\\n" > /etc/netns/a/resolv.conf',
      `ip netns exec a ${command}`,
    );
  assert.equal(one('nslookup x.test'), `${lost};; no servers could be reached\n\n`);
  assert.equal(one('host x.test'), `${lost}${lost};; no servers could be reached\n`);
  assert.equal(one('dig +short +tries=2 x.test').split(lost).length, 3);
  assert.equal(one('dig +short x.test').split(lost).length, 2);
});
