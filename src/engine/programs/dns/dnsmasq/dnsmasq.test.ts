import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../../world';
import { BadOption, NotSimulated, emptyConfig, parseCommandLine, readConfText } from './config';
import { Cache, LocalData } from './data';

/** `up` has a dnsmasq with the names, `mid` one that asks it and logs to /tmp/log; questions come from `mid` itself. */
const LAN = [
  'ip netns add mid; ip netns add up',
  'ip link add eth0 netns mid type veth peer name eth0 netns up',
  'ip -n mid addr add 10.0.0.1/24 dev eth0; ip -n up addr add 10.0.0.53/24 dev eth0',
  'for n in mid up; do ip -n $n link set lo up; ip -n $n link set eth0 up; done; sleep 3',
  'mkdir -p /etc/netns/mid; echo "nameserver 127.0.0.1" > /etc/netns/mid/resolv.conf',
];
const UP =
  'ip netns exec up dnsmasq -k -h -R -u root -T 100 --local=/lab.test/ --host-record=db.lab.test,10.0.0.90 --cname=www.lab.test,db.lab.test' +
  ' --host-record=m.lab.test,10.0.0.1 --host-record=m.lab.test,10.0.0.2 --host-record=m.lab.test,10.0.0.3 & sleep 0.5';
const mid = (options = ''): string =>
  `ip netns exec mid dnsmasq -k -h -R -u root -q --log-facility=/tmp/log --server=10.0.0.53 ${options} & sleep 0.5; : > /tmp/log`;

function screen(...lines: readonly string[]): string {
  const world = createWorld('linux', 'dnsmasq');
  let text = '';
  for (const line of [...LAN, UP, ...lines]) text = world.exec({ machine: 'host' }, line).screen;
  return text;
}

const dig = (what: string): string => `ip netns exec mid dig ${what}`;
const log = "sed -E 's/^.*dnsmasq\\[[0-9]+\\]: //' /tmp/log";

test('forwards once, then answers from the cache with what is left of the time to live', () => {
  assert.equal(
    screen(mid(), `${dig('+noall +answer www.lab.test')}; sleep 40; ${dig('+noall +answer www.lab.test')}; ${log}`),
    `www.lab.test.		100	IN	CNAME	db.lab.test.
db.lab.test.		100	IN	A	10.0.0.90
www.lab.test.		60	IN	CNAME	db.lab.test.
db.lab.test.		60	IN	A	10.0.0.90
query[A] www.lab.test from 127.0.0.1
forwarded www.lab.test to 10.0.0.53
reply www.lab.test is <CNAME>
reply db.lab.test is 10.0.0.90
query[A] www.lab.test from 127.0.0.1
cached www.lab.test is <CNAME>
cached db.lab.test is 10.0.0.90
`,
  );
  assert.match(
    screen(mid(), `${dig('+short db.lab.test')}; sleep 101; : > /tmp/log; ${dig('+short db.lab.test')}; ${log}`),
    /forwarded db\.lab\.test/,
  );
});

test('addresses of one name take turns', () => {
  const config = emptyConfig();
  config.hostRecords.push({ names: ['m'], addresses: [1, 2, 3], ttl: undefined });
  const data = new LocalData(config);
  const all = (): unknown => data.addresses('M', 'inet', true).map((a) => a.address);
  // As dnsmasq 2.90 does it: looking for the name while it is added turns it, too.
  assert.deepEqual(
    [all(), all(), all()],
    [
      [2, 1, 3],
      [1, 3, 2],
      [3, 2, 1],
    ],
  );
  config.records.push(
    { name: 's', data: { type: 'SRV', target: 'a', port: 1, priority: 0, weight: 0 } },
    { name: 's', data: { type: 'SRV', target: 'b', port: 2, priority: 0, weight: 0 } },
  );
  const services = new LocalData(config);
  const ports = (): unknown => services.recordsOf('s', 33).map((r) => (r.data.type === 'SRV' ? r.data.port : 0));
  assert.deepEqual(ports(), [2, 1]);
  services.turnServices('S');
  assert.deepEqual(ports(), [1, 2]);
});

test('SIGHUP empties the cache and reads hosts files again; SIGUSR1 counts', () => {
  const text = screen(
    'echo "10.7.7.7 one" > /tmp/hosts',
    mid('--addn-hosts=/tmp/hosts'),
    `${dig('+short one')}; echo "10.7.7.8 two" >> /tmp/hosts; ${dig('+short two')}; kill -HUP $(pgrep -x dnsmasq); sleep 0.2; ${dig('+short two')}; kill -USR1 $(pgrep -x dnsmasq); sleep 0.2; ${log}`,
  );
  assert.match(text, /^10\.7\.7\.7\n10\.7\.7\.8\n/);
  assert.match(text, /\/tmp\/hosts one is 10\.7\.7\.7\n[^]*read \/tmp\/hosts - 2 names\n/);
  assert.match(text, /cache size 150, 0\/0 cache insertions[^]*queries forwarded 1, queries answered locally 2\n/);
  assert.match(text, /server 10\.0\.0\.53#53: queries sent 1,/);
});

test('goes into the background, writes its number, and cannot start twice', () => {
  assert.match(
    screen(
      `ip netns exec mid dnsmasq -h -R -u root --pid-file=/tmp/pid; echo $?; ${dig('+short +tries=1 chaos txt version.bind')}; ps -o comm= -p $(cat /tmp/pid); ip netns exec mid dnsmasq -h -R; echo $?; kill $(cat /tmp/pid); sleep 0.1; ${dig('+short +tries=1 x')}`,
    ),
    /^0\n"dnsmasq-2\.90"\ndnsmasq\n\ndnsmasq: failed to create listening socket for port 53: Address already in use\n2\n;; communications error to 127\.0\.0\.1#53: connection refused\n/,
  );
});

test('the longest domain decides; addresses answer for names below; only what exists has no data', () => {
  const text = screen(
    mid(
      '--address=/web.test/10.1.1.1 --address=/no.test/ --local=/loc.test/ --host-record=a.b.loc.test,10.2.2.2 --address=/x.no.test/10.3.3.3',
    ),
    ['deep.web.test', 'no.test', 'x.no.test', 'b.loc.test', 'c.loc.test']
      .map((n) => `${dig(`+noall +comments ${n}`)} | grep -o "status: [A-Z]*"; ${dig(`+short ${n}`)}`)
      .join('; '),
  );
  assert.equal(
    text,
    'status: NOERROR\n10.1.1.1\nstatus: NXDOMAIN\nstatus: NOERROR\n10.3.3.3\nstatus: NOERROR\nstatus: NXDOMAIN\n',
  );
});

test('command lines and files: what is refused, and with which words', () => {
  const refused = (...argv: string[]): string => {
    try {
      parseCommandLine(['dnsmasq', ...argv]);
      return '';
    } catch (e) {
      assert.ok(e instanceof BadOption);
      return e.message;
    }
  };
  assert.equal(refused('--bogus'), 'bad command line options: try --help');
  assert.equal(refused('--address=/x/1.2.3.400'), 'bad command line options: Bad address in --address');
  assert.equal(refused('extra'), 'junk found in command line');
  assert.equal(refused('-kq', '-p', '5353', '--server=/a.test/1.1.1.1#54'), '');
  assert.throws(() => parseCommandLine(['dnsmasq', '--dhcp-range=10.0.0.2,10.0.0.9']), NotSimulated);
  assert.throws(
    () => readConfText(emptyConfig(), 'no-resolv\nfoo=bar # x\n', '/f'),
    /^Error: bad option at line 2 of \/f$/,
  );
  const { config } = parseCommandLine(['dnsmasq', '--local=/#/', '-S', '1.1.1.1', '--rev-server=10.1.0.0/16,2.2.2.2']);
  assert.deepEqual(
    config.rules.map((r) => [r.domain, r.action.kind]),
    [
      ['', 'local'],
      ['', 'server'],
      ['1.10.in-addr.arpa', 'server'],
    ],
  );
});

test('a full cache forgets what was used longest ago', () => {
  const cache = new Cache(2);
  const put = (name: string): void =>
    cache.put([{ name, type: 1, data: { type: 'A', address: 1 }, nxdomain: false, expires: 1e9 }]);
  put('a');
  put('b');
  assert.equal(cache.get('A', 1, 0).length, 1);
  put('c');
  assert.deepEqual(
    ['a', 'b', 'c'].map((n) => cache.get(n, 1, 0).length),
    [1, 0, 1],
  );
  assert.equal(cache.get('a', 1, 1e9).length, 0);
});
