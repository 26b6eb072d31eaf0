import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../world';
import { parseHosts, parseNsswitch, parseResolvConf } from './resolv-conf';

/** Two hosts joined by a cable: `a` asks, `b` has a dnsmasq that logs to /tmp/log. */
const LAN = [
  'ip netns add a; ip netns add b',
  'ip link add eth0 netns a type veth peer name eth0 netns b',
  'ip -n a addr add 10.0.0.1/24 dev eth0; ip -n b addr add 10.0.0.53/24 dev eth0',
  'for n in a b; do ip -n $n link set lo up; ip -n $n link set eth0 up; done; sleep 3',
  'mkdir -p /etc/netns/a; echo "nameserver 10.0.0.53" > /etc/netns/a/resolv.conf; echo "127.0.0.1 localhost" > /etc/netns/a/hosts',
];
const SERVER =
  'ip netns exec b dnsmasq -k -h -R -u root -q --log-facility=/tmp/log --local=/lab.test/ --host-record=db.lab.test,10.0.0.90' +
  ' --host-record=six.lab.test,10.0.0.93,fd00::93 --cname=www.lab.test,db.lab.test';

function screen(...lines: readonly string[]): string {
  const world = createWorld('linux', 'resolver');
  let text = '';
  for (const line of [...LAN, ...lines]) text = world.exec({ machine: 'host' }, line).screen;
  return text;
}

/** Questions of the query log, as `TYPE name`. */
const questions = `sed -nE 's/.*query\\[(.*)\\] (.*) from.*/\\1 \\2/p' /tmp/log`;

test('resolv.conf: the last search list, three servers, limits of options, RES_OPTIONS', () => {
  const conf = parseResolvConf(
    'nameserver 1.1.1.1\n; a comment\nnameserver bogus\nnameserver fd00::1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\n' +
      'domain one.test\nsearch two.test three.test\noptions ndots:99 timeout:2 attempts:9 rotate\n',
    undefined,
    'ndots:3 use-vc',
  );
  assert.deepEqual(
    conf.nameservers.map((n) => n.address),
    [0x01010101, 'fd00::1', 0x02020202],
  );
  assert.deepEqual(conf.search, ['two.test', 'three.test']);
  assert.deepEqual([conf.ndots, conf.timeout, conf.attempts, conf.rotate, conf.useVc], [3, 2, 5, true, true]);
  assert.deepEqual(parseResolvConf('').nameservers, []);
});

test('nsswitch.conf: services in order with their actions', () => {
  const services = parseNsswitch('passwd: files\nhosts: files [!UNAVAIL=return] dns # x\n', 'hosts');
  assert.deepEqual(
    services.map((s) => s.name),
    ['files', 'dns'],
  );
  assert.equal(services[0]!.actions.get('NOTFOUND'), 'return');
  assert.equal(services[0]!.actions.get('UNAVAIL'), undefined);
});

test('hosts: comments inside of words, bad addresses left out', () => {
  assert.deepEqual(parseHosts('10.0.0.1 a b#c d\n300.1.1.1 x\n::1 six # y\n'), [
    { address: 0x0a000001, names: ['a', 'b'] },
    { address: '::1', names: ['six'] },
  ]);
});

test('A and AAAA are asked from one port; the answer names the end of the aliases', () => {
  assert.equal(
    screen(
      `${SERVER} & sleep 0.5`,
      'ip netns exec a tcpdump -l -nn -i eth0 -c 2 udp dst port 53 > /tmp/cap 2>/dev/null & sleep 0.3; ip netns exec a getent ahosts www.lab.test',
    ),
    '10.0.0.90       STREAM db.lab.test\n10.0.0.90       DGRAM  \n10.0.0.90       RAW    \n',
  );
  assert.equal(
    screen(
      `${SERVER} & sleep 0.5`,
      'ip netns exec a tcpdump -l -nn -i eth0 -c 2 udp dst port 53 > /tmp/cap 2>/dev/null & sleep 0.3; ip netns exec a getent ahosts www.lab.test > /tmp/out; sleep 0.2',
      `grep -oE '10.0.0.1.[0-9]+' /tmp/cap | sort -u | wc -l; grep -oE '(A|AAAA)\\?' /tmp/cap`,
    ),
    '1\nA?\nAAAA?\n',
  );
});

test('the search list comes first below ndots and last from there on; a name with a final dot is left alone', () => {
  const search =
    'echo "search x.test lab.test" >> /etc/netns/a/resolv.conf; echo "options ndots:2" >> /etc/netns/a/resolv.conf';
  assert.equal(
    screen(`${SERVER} --local=/#/ & sleep 0.5`, search, 'ip netns exec a getent ahostsv4 db > /tmp/out', questions),
    'A db.x.test\nA db.lab.test\n',
  );
  assert.equal(
    screen(
      `${SERVER} --local=/#/ & sleep 0.5`,
      search,
      'ip netns exec a getent ahostsv4 db.lab.test. > /tmp/out',
      questions,
    ),
    'A db.lab.test\n',
  );
  assert.equal(
    screen(
      `${SERVER} --local=/#/ & sleep 0.5`,
      search,
      'ip netns exec a getent ahostsv4 no.lab.test > /tmp/out',
      questions,
    ),
    'A no.lab.test\nA no.lab.test.x.test\nA no.lab.test.lab.test\n',
  );
});

test('a server that is silent costs its timeout, one that refuses costs nothing, an error of DNS is told apart', () => {
  assert.match(
    screen(
      `${SERVER} & sleep 0.5`,
      'printf "nameserver 10.0.0.99\\nnameserver 10.0.0.53\\noptions timeout:2\\n" > /etc/netns/a/resolv.conf',
      'time ip netns exec a getent ahostsv4 db.lab.test',
    ),
    /^10\.0\.0\.90 +STREAM db\.lab\.test\n(.*\n)*real\t0m2\.0/,
  );
  assert.match(
    screen('time ip netns exec a ping -c 1 db.lab.test'),
    /^ping: db\.lab\.test: Temporary failure in name resolution\n\nreal\t0m0\.0/,
  );
  assert.equal(
    screen(
      `${SERVER} & sleep 0.5`,
      'ip netns exec a ping -c 1 nosuch.lab.test; ip netns exec a ping -c 1 lab.test; ip netns exec a ping -c 1 example.com',
    ),
    'ping: nosuch.lab.test: Name or service not known\nping: lab.test: No address associated with hostname\n' +
      'ping: example.com: Temporary failure in name resolution\n',
  );
});

test('an answer that is cut is asked for again over TCP', () => {
  const many = Array.from({ length: 60 }, (_, i) => ` --host-record=big.lab.test,10.1.0.${i + 1}`).join('');
  assert.equal(
    screen(`${SERVER}${many} & sleep 0.5`, 'ip netns exec a getent ahostsv4 big.lab.test | grep -c STREAM'),
    '60\n',
  );
});

test('/etc/hosts comes before DNS; nsswitch.conf can say otherwise', () => {
  const host = 'echo "10.9.9.9 db.lab.test db" >> /etc/netns/a/hosts';
  assert.equal(
    screen(
      `${SERVER} & sleep 0.5`,
      host,
      'ip netns exec a getent hosts db; ip netns exec a getent -s dns hosts db.lab.test',
    ),
    '10.9.9.9        db.lab.test db\n10.0.0.90       db.lab.test\n',
  );
  assert.equal(
    screen(
      `${SERVER} & sleep 0.5`,
      host,
      "sed -i 's/^hosts:.*/hosts: dns files/' /etc/nsswitch.conf; ip netns exec a getent ahostsv4 db.lab.test | head -1",
    ),
    '10.0.0.90       STREAM db.lab.test\n',
  );
});

test('addresses that cannot be reached come last; with a route IPv6 comes first', () => {
  const first = 'ip netns exec a getent ahosts six.lab.test | grep STREAM | cut -d" " -f1';
  assert.equal(screen(`${SERVER} & sleep 0.5`, first), '10.0.0.93\nfd00::93\n');
  assert.equal(
    screen(`${SERVER} & sleep 0.5`, 'ip -n a addr add fd00::1/64 dev eth0 nodad', first),
    'fd00::93\n10.0.0.93\n',
  );
});
