import fc from 'fast-check';

/** Command lines as curious learners type them: real commands with real words, then mutated. */

const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const device = pick('lo', 'eth0', 'veth0', 'veth1', 'br0', 'dummy0', 'nosuch', 'veth0@if2', '');
const namespace = pick('c1', 'c2', 'nosuch', '..', 'a b');
const address = pick(
  '172.30.0.1/24',
  '172.30.0.11/24',
  '10.0.0.300/24',
  '127.0.0.1',
  'fe80::1/64',
  '0/0',
  '172.30.0.1/33',
  'default',
  '::1',
  '-1',
);
const host = pick('127.0.0.1', '172.30.0.1', '172.30.0.11', 'localhost', '256.1.1.1', '::1', 'nosuch.example', '0');
const number = pick('0', '1', '2', '-1', '80', '65536', '1e9', '0x10', '99999999999999999999', 'x');
const file = pick(
  '/etc/passwd',
  '/etc/hosts',
  '/tmp/f',
  '/nosuch',
  '/',
  '/proc/self/status',
  '/dev/null',
  '/proc/net/dev',
  '.',
  '/tmp',
  '-',
);
const word = pick(
  'a',
  'b c',
  '',
  '*',
  '$HOME',
  '"$x"',
  "'q'",
  '\\',
  '{1,2}',
  '~',
  '$((1/0))',
  '${x:?no}',
  '$(echo y)',
  '`date`',
  'é',
);

/** A line from a template: strings stand for themselves, arbitraries for a word. */
function line(...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> {
  return fc.tuple(...parts.map((p) => (typeof p === 'string' ? fc.constant(p) : p))).map((words) => words.join(' '));
}

const option = (...options: string[]): fc.Arbitrary<string> => pick('', ...options);

const network = fc.oneof(
  line(
    'ip',
    option('-br', '-d', '-s', '-j', '-o', '-4', '-6', '-j -p', '-n c1', '-all', '--x'),
    pick('link', 'l', 'addr', 'a', 'route', 'r', 'neigh', 'n', 'rule', 'netns', 'bogus', ''),
    option('show', 'list', 'help', 's', 'get'),
  ),
  line(
    'ip link',
    pick('show', 'set', 'add', 'del'),
    option('dev'),
    device,
    option(
      'up',
      'down',
      'mtu 60',
      'mtu 1400',
      'master br0',
      'nomaster',
      'netns c1',
      'name eth9',
      'address 02:00:00:00:00:09',
      'type bridge',
      'type dummy',
      'type nosuch',
    ),
  ),
  line('ip link add', device, 'type veth peer name', device, option('netns c1', 'netns c2')),
  line(
    'ip netns',
    pick('add', 'del', 'list', 'exec', 'identify', 'pids', 'attach', 'set', 'bogus'),
    namespace,
    option('ip link', 'true', '1', 'auto'),
  ),
  line(
    'ip',
    option('-n c1', '-n c2'),
    'addr',
    pick('add', 'del', 'replace', 'flush', 'show'),
    address,
    option('dev'),
    device,
  ),
  line(
    'ip',
    option('-n c1', '-n c2'),
    'route',
    pick('add', 'del', 'get', 'replace', 'flush'),
    address,
    option('via 172.30.0.1', 'dev veth0', 'dev lo', 'metric 5', 'src 172.30.0.1', 'table 7', 'blackhole'),
  ),
  line(
    'ip',
    option('-n c1'),
    'neigh',
    pick('add', 'del', 'flush', 'show', 'replace'),
    address,
    option('lladdr 02:00:00:00:00:01', 'dev veth0', 'dev lo', 'nud permanent'),
  ),
  line(
    'ping',
    option(
      '-c1',
      '-c2 -i0.2',
      '-q -c1',
      '-c',
      '-4 -c1',
      '-6 -c1',
      '-s 2000 -c1',
      '-s 99999 -c1',
      '-t 1 -c1',
      '-I lo -c1',
      '-f -c3',
    ),
    '-W1 -w2',
    host,
  ),
  line(
    'ip netns exec',
    namespace,
    pick('ping -c1 -W1 172.30.0.1', 'ss -ltn', 'cat /sys/class/net/eth0/iflink', 'bash -c "ip link"', 'ip -br addr'),
  ),
  line(
    'bridge',
    option('-d', '-s', '-j'),
    pick('link', 'fdb', 'vlan', 'bogus'),
    option('show', 'add', 'del'),
    option('dev', 'br'),
    device,
  ),
  line(
    'ss',
    option('-ltn', '-tunap', '-s', '-x', '-4', '-bogus'),
    option('sport = :80', 'state listening', 'dport gt 5'),
  ),
  line('timeout 1 nc', option('-z', '-l', '-u', '-lk', '-zv', '-w1'), host, number),
  line(
    'timeout 1 tcpdump',
    option('-n', '-nn -e', '-c1', '-X', '-v'),
    '-i',
    device,
    option('arp', 'icmp', 'tcp port 80', 'host 1.2.3', 'not (', 'tcp[13] & 2 != 0'),
  ),
  line(
    'sysctl',
    option('-w', '-n', '-a', '-q'),
    pick(
      'net.ipv4.ip_forward',
      'net.ipv4.ip_forward=1',
      'net/ipv4/ip_forward',
      'nosuch.key=1',
      'net.ipv4.conf.all.rp_filter=x',
    ),
  ),
  line('unshare', option('-n', '-n -m', '-u', '-r -n', '-p -f', '--bogus'), pick('ip link', 'true', 'nosuch', 'id')),
  line(
    'nsenter',
    option('-t 1', '-t 999999', '-t $$'),
    option('-n', '-m', '-a', '--net=/run/netns/c1', '--bogus'),
    pick('ip -br link', 'true', ''),
  ),
  line(
    pick('lsns', 'arping -c1 -w1', 'ethtool', 'ifconfig', 'route -n', 'arp -n', 'netstat -rn'),
    option('-t net', '-I lo', 'lo', 'veth0'),
  ),
);

const chain = pick('INPUT', 'FORWARD', 'OUTPUT', 'PREROUTING', 'POSTROUTING', 'mine', 'nosuch', '');
const match = option(
  '-s 172.30.0.0/24',
  '! -d 10.0.0.1',
  '-i lo',
  '! -o br0',
  '-p tcp --dport 80',
  '-p icmp --icmp-type 8',
  '-m conntrack --ctstate NEW,ESTABLISHED',
  '-m addrtype --dst-type LOCAL',
  '-m multiport -p tcp --dports 80,443',
  '-m limit --limit 3/s',
  '-m comment --comment "a b"',
  '-m nosuch',
  '-p 300',
  '--dport',
);
const target = option(
  '-j ACCEPT',
  '-j DROP',
  '-j RETURN',
  '-j mine',
  '-j LOG --log-prefix x',
  '-j REJECT --reject-with tcp-reset',
  '-j MASQUERADE',
  '-p tcp -j DNAT --to-destination 10.0.0.1:80',
  '-j MARK --set-mark 0x1/0xff',
  '-j NOSUCH',
  '-j',
);

const filters = fc.oneof(
  line(
    pick('iptables', 'ip6tables', 'iptables-legacy'),
    option('-t nat', '-t mangle', '-t raw', '-t nosuch'),
    pick('-A', '-I', '-D', '-C', '-R'),
    chain,
    option('1', '0', '99'),
    match,
    target,
  ),
  line(
    pick('iptables', 'ip6tables', 'iptables-legacy'),
    option('-t nat'),
    pick('-L', '-S', '-F', '-Z', '-N mine', '-X', '-P INPUT DROP', '-P INPUT ACCEPT', '-E mine yours', '-h', ''),
    option('-n', '-nv', '-nvx --line-numbers', 'INPUT', '1'),
  ),
  line(
    pick('iptables-save', 'iptables-save -c', 'ip6tables-save'),
    pick('', '| iptables-restore', '| iptables-restore -n'),
  ),
  line(
    "nft '",
    pick('add', 'create', 'delete', 'list', 'flush', 'insert', 'bogus'),
    pick(
      'table ip t',
      'table inet t { chain c { type filter hook input priority 0; }; }',
      'chain ip t c { type nat hook postrouting priority srcnat; policy accept; }',
      'rule ip t c tcp dport { 80, 443 } counter accept',
      'rule ip t c ip saddr 10.0.0.0/8 masquerade',
      'rule ip t c meta l4proto vmap { tcp : drop, udp : jump c }',
      'set ip t s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 } }',
      'element ip t s { 10.0.0.1 }',
      'ruleset',
      'rule ip t c handle 1',
      'map ip t m { type inet_service : verdict; }',
      '{',
    ),
    "'",
  ),
  line('conntrack', pick('-L', '-D', '-S', '-C', '-F', '-L -p tcp', '-L -s x', '-L -o extended', '-bogus', '')),
  line(
    'ipset',
    pick('create s hash:ip', 'add s 10.0.0.1', 'list', 'test s 10.0.0.2', 'destroy', 'add nosuch x', 'bogus'),
  ),
  line(
    'tc',
    option('-s', '-j'),
    'qdisc',
    pick('add', 'del', 'replace', 'show', 'bogus'),
    'dev',
    device,
    option('root netem delay 10ms', 'root netem loss 50%', 'root tbf rate 1mbit burst 10k latency 1s', 'root nosuch'),
  ),
  line(
    'ip link add',
    device,
    option('link veth0', 'link lo', 'link nosuch'),
    pick(
      'type vlan id 5',
      'type vlan id 5000',
      'type vxlan id 7 dstport 4789 local 127.0.0.1',
      'type vxlan id 7 dstport 8472 remote 172.30.0.1 dev veth0',
      'type macvlan mode bridge',
      'type ipvlan mode l3',
      'type vxlan',
    ),
  ),
  line(
    pick('dig', 'host', 'nslookup', 'getent hosts'),
    option('+short', '-x', '-t mx', '@127.0.0.1', '+time=1 +tries=1'),
    host,
  ),
  line(
    'timeout 2',
    pick('traceroute -n -m 3 -w 1', 'tracepath -m 3', 'mtr -r -c 1', 'curl -m 1', 'wget -T 1 -t 1 -O -', 'socat -'),
    pick('172.30.0.11', '127.0.0.1', 'nosuch.example', 'TCP:127.0.0.1:80', 'http://127.0.0.1:1/', '::1', ''),
  ),
  line(
    'ip rule',
    pick('add', 'del', 'show'),
    option('from 10.0.0.0/8', 'fwmark 1', 'iif lo'),
    option('table 7', 'priority 5'),
  ),
  line(
    pick('ipvsadm', 'ipcalc', 'nstat', 'nginx', 'modprobe', 'brctl'),
    option('-Ln', '-A -t 10.0.0.1:80', '-t', 'show', '10.0.0.1/24', '--help', 'nosuch'),
  ),
);

const tools = fc.oneof(
  line(
    pick(
      'cat',
      'head',
      'tail',
      'wc',
      'sort',
      'uniq',
      'ls',
      'stat',
      'file',
      'od',
      'base64',
      'sha256sum',
      'tac',
      'rev',
      'nl',
    ),
    option('-n', '-l', '-r', '-x', '-1', '-n 2', '--help', '--bogus', '-c 3'),
    file,
  ),
  line(
    'grep',
    option('-i', '-v', '-c', '-E', '-o', '-n', '-r', '-P'),
    pick("'root'", "'['", "'(a'", "'^$'", "'a\\{2'", "''", "'x*'"),
    file,
  ),
  line(
    'sed',
    option('-n', '-E', '-i'),
    pick("'s/a/b/'", "'2p'", "'$d'", "'/x/,/y/p'", "'s/('", "'q'", "'y/ab/c/'", "':a;ba'"),
    file,
    '| head -3',
  ),
  line(
    'awk',
    option('-F:'),
    pick(
      "'{print $1}'",
      "'END{print NR}'",
      "'BEGIN{while(1)i++}'",
      "'{'",
      "'{print $(-1)}'",
      '\'BEGIN{printf "%d %s", 1}\'',
    ),
    file,
  ),
  line(
    'find',
    pick('/tmp', '/etc', '/nosuch', '/proc/1'),
    option('-name "*.c"', '-type f', '-maxdepth 1', '-exec echo {} ;', '-delete -nosuch'),
  ),
  line(
    pick('mkdir', 'touch', 'rm', 'rmdir', 'ln -s', 'cp', 'mv', 'chmod 640', 'truncate -s 10'),
    option('-p', '-r', '-f', '-v'),
    pick('/tmp/f', '/tmp/d', '/tmp/d/e', '/', '/nosuch/x', '/proc/x'),
    option('/tmp/g', '/tmp'),
  ),
  line(
    pick(
      'ps',
      'id',
      'whoami',
      'uname',
      'free',
      'df',
      'uptime',
      'hostname',
      'env',
      'date',
      'nproc',
      'top -b -n1',
      'kill',
      'pgrep',
      'lsof',
    ),
    option('-a', 'aux', '-h', '-l', '-9 1', '0', '--bogus'),
  ),
  line('seq', number, number, '| head -5'),
  line('printf', pick("'%s\\n'", "'%d\\n'", "'%x%%'", "'%'", "'%q'", "'%b'", "'%*d'"), word, word),
  line(
    'echo',
    word,
    '|',
    pick(
      'tr a b',
      'cut -c1-3',
      'cut -d: -f2',
      'tee /tmp/t',
      'xargs -n1 echo',
      'jq .',
      'base64 -d',
      'column -t',
      'diff - /etc/hosts',
      'wc -c',
    ),
  ),
  line('date', option('-u', '-d @0', '-d yesterday', '+%F', '-d bogus', '-r /etc/hosts')),
);

const shell = fc.oneof(
  line('for i in', word, word, '; do echo $i; done'),
  line('x=', word, '; echo "${x', pick('', ':-d', '#a', '%%b*', '/a/b', '^^', ':1:2', '@Q', '[0]', ':?e', ':=v'), '}"'),
  line('if [', word, pick('=', '-eq', '-lt', '!=', '-nt', '-bogus'), word, ']; then echo y; else echo n; fi'),
  line('[[', pick('a', '"$x"', '-z $x'), pick('==', '=~', '<', '-gt'), pick('a*', '^(a|b)$', '(', '1'), ']] && echo y'),
  line('echo $((', pick('1+1', '2**70', '1/0', '08', 'x++', '5%0', '1<<65', '(', 'a?b:c'), '))'),
  line('case', word, 'in a*) echo A;; *) echo B;; esac'),
  line('f() {', pick('return 3', 'local x=1', 'f', 'exit 2', 'echo $1'), '; }; f', word),
  line('(', pick('exit 3', 'cd /tmp', 'x=2', 'kill -9 $BASHPID', 'trap "echo bye" EXIT'), ')'),
  line('cat <<', pick('E', "'E'", '-E'), '\n', word, '\nE'),
  line(
    pick('true', 'false', 'sleep 0.1', 'yes | head -2', '! true'),
    pick('&', '&&', '||', '|', ';'),
    pick('echo a', 'wait', 'cat', 'jobs', 'false'),
  ),
  line(
    pick(
      'set',
      'shopt',
      'declare',
      'type',
      'alias',
      'unset',
      'read',
      'trap',
      'ulimit',
      'history',
      'umask',
      'getopts',
      'let',
      'eval',
      'exec',
      'source',
      'cd',
      'pushd',
      'wait',
      'fg',
      'disown',
      'export',
      'readonly',
    ),
    option('-e', '-p', '-x', '-u', '-z', '-a', '-n'),
    word,
    '</dev/null',
  ),
  line(
    'echo a',
    pick('>', '>>', '2>', '&>', '<', '3>&', '>&', '<>'),
    pick('/tmp/o', '/nosuch/x', '/', '1', '9', '/dev/full', ''),
  ),
  line(
    'while',
    pick('true', 'read x', '((i++<3))'),
    '; do',
    pick('break', 'continue 2', 'echo $i; break', ':'),
    '; done </dev/null',
  ),
);

/** Damages a line the way fingers do. */
const mutate = (command: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      command,
      fc.array(
        fc.tuple(
          fc.nat(),
          pick('drop', 'double', 'swap', 'insert', 'cut'),
          pick(...'|&;<>()$`"\'\\{}[]!*?#~=% \t\n-/é'),
        ),
        { maxLength: 2 },
      ),
    )
    .map(([text, edits]) =>
      edits.reduce((s, [at, kind, char]) => {
        const i = s.length === 0 ? 0 : at % s.length;
        switch (kind) {
          case 'drop':
            return s.slice(0, i) + s.slice(i + 1);
          case 'double':
            return s.slice(0, i) + s.slice(i, i + 1) + s.slice(i);
          case 'swap':
            return s.slice(0, i) + s.slice(i + 1, i + 2) + s.slice(i, i + 1) + s.slice(i + 2);
          case 'insert':
            return s.slice(0, i) + char + s.slice(i);
          default:
            return s.slice(0, i);
        }
      }, text),
    );

/** A random command line. */
export const commandLine: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: network },
  { weight: 4, arbitrary: filters },
  { weight: 2, arbitrary: tools },
  { weight: 2, arbitrary: shell },
  { weight: 4, arbitrary: mutate(fc.oneof(network, filters, tools, shell)) },
);
