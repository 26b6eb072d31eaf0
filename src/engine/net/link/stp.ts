/** The spanning tree of IEEE 802.1D-1998 as the kernel's bridge speaks it (net/bridge/br_stp.c, br_stp_bpdu.c, br_stp_timer.c). */
import type { Micros, Timer } from '../../core';
import type { Mac } from '../../wire';
import { makeRaw } from '../../wire';
import { Skb } from '../skb';
import type { PortState } from '../types';
import type { BridgeLink } from './bridge';
import type { BridgeStpOps, PortStpInfo, StpInfo } from './bridge-ops';
import type { BridgePort } from './bridge-port';

const TICK = 10_000;
/** BR_HOLD_TIME: no more than one configuration message a second on one port. */
const HOLD: Micros = 1e6;
const GROUP: Mac = '01:80:c2:00:00:00';
const LLC = [0x42, 0x42, 0x03];
const CONFIG = 35;
const TCN = 4;

/** What a configuration message says, and what a port remembers of the best one it heard. Bridge identifiers compare as text. */
interface Vector {
  root: string;
  cost: number;
  bridge: string;
  port: number;
}

interface Config extends Vector {
  topologyChange: boolean;
  topologyChangeAck: boolean;
  /** In 1/100 s. */
  messageAge: number;
  maxAge: number;
  helloTime: number;
  forwardDelay: number;
}

interface PortData extends Vector {
  topologyChangeAck: boolean;
  configPending: boolean;
  messageAge: Timer | null;
  forwardDelay: Timer | null;
  hold: Timer | null;
}

/** Is `a` better than `b`: nearer to a lower root? */
function better(a: Vector, b: Vector): boolean {
  if (a.root !== b.root) return a.root < b.root;
  if (a.cost !== b.cost) return a.cost < b.cost;
  if (a.bridge !== b.bridge) return a.bridge < b.bridge;
  return a.port < b.port;
}

/** `8000.020000000101` as the eight bytes of a message. */
function idBytes(id: string): number[] {
  return (id.replace('.', '').match(/../g) ?? []).map((h) => parseInt(h, 16));
}

function idText(b: Uint8Array, at: number): string {
  const hex = [...b.subarray(at, at + 8)].map((n) => n.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 4)}.${hex.slice(4)}`;
}

/** Times travel as 1/256 s. */
const toWire = (hundredths: number): number[] => {
  const n = Math.round((hundredths * 256) / 100);
  return [n >> 8, n & 255];
};
const fromWire = (b: Uint8Array, at: number): number => Math.round((((b[at]! << 8) | b[at + 1]!) * 100) / 256);

/** The spanning tree protocol of one bridge. */
export class Stp implements BridgeStpOps {
  private readonly ports = new Map<BridgePort, PortData>();
  private root: string;
  private rootCost = 0;
  private rootPort: BridgePort | null = null;
  /** What the root says; its own settings on the root itself. */
  private maxAge: number;
  private helloTime: number;
  private forwardDelay: number;
  private topologyChange = false;
  /** The bridge's own ageing time while a topology change makes it shorter. */
  private ageing: number | null = null;
  private topologyChangeDetected = false;
  private hello: Timer | null = null;
  private tcn: Timer | null = null;
  private topologyTimer: Timer | null = null;

  constructor(private readonly bridge: BridgeLink) {
    this.root = bridge.bridgeId;
    const s = bridge.settings;
    this.maxAge = s.maxAge;
    this.helloTime = s.helloTime;
    this.forwardDelay = s.forwardDelay;
    // br_stp_start: a port that forwards goes on; only those that come up from now on listen first.
    for (const port of bridge.ports) if (port.state !== 'disabled') this.becomeDesignated(port);
    if (bridge.up) this.start();
  }

  private after(delay: Micros, fire: () => void): Timer {
    return this.bridge.ns.host.scheduler.after(delay, fire);
  }

  /** The bridge is up: it thinks it is the root until it hears better. */
  start(): void {
    this.armHello();
    this.configurationUpdate();
    this.select();
    this.generate();
  }

  /** The protocol ends, or the bridge goes down. */
  stop(): void {
    for (const t of [this.hello, this.tcn, this.topologyTimer]) t?.cancel();
    this.hello = this.tcn = this.topologyTimer = null;
    for (const d of this.ports.values()) this.stopPort(d);
    this.ports.clear();
    this.setTopologyChange(false);
    this.topologyChangeDetected = false;
  }

  private stopPort(d: PortData): void {
    for (const t of [d.messageAge, d.forwardDelay, d.hold]) t?.cancel();
    d.messageAge = d.forwardDelay = d.hold = null;
  }

  /** __br_set_topology_change: meanwhile addresses age in the time ports take to forward. */
  private setTopologyChange(on: boolean): void {
    if (this.topologyChange === on) return;
    this.topologyChange = on;
    const { settings } = this.bridge;
    if (on) {
      this.ageing = settings.ageingTime;
      settings.ageingTime = 2 * this.forwardDelay;
    } else if (this.ageing !== null) {
      settings.ageingTime = this.ageing;
      this.ageing = null;
    }
  }

  private get isRoot(): boolean {
    return this.root === this.bridge.bridgeId;
  }

  private data(port: BridgePort): PortData {
    let d = this.ports.get(port);
    if (d === undefined) {
      d = {
        root: this.root,
        cost: this.rootCost,
        bridge: this.bridge.bridgeId,
        port: port.id,
        topologyChangeAck: false,
        configPending: false,
        messageAge: null,
        forwardDelay: null,
        hold: null,
      };
      this.ports.set(port, d);
    }
    return d;
  }

  private designated(port: BridgePort): boolean {
    const d = this.data(port);
    return d.bridge === this.bridge.bridgeId && d.port === port.id;
  }

  private becomeDesignated(port: BridgePort): void {
    Object.assign(this.data(port), {
      root: this.root,
      cost: this.rootCost,
      bridge: this.bridge.bridgeId,
      port: port.id,
    });
  }

  private init(port: BridgePort): void {
    this.becomeDesignated(port);
    const d = this.data(port);
    d.topologyChangeAck = d.configPending = false;
    this.set(port, 'blocking');
  }

  private set(port: BridgePort, state: PortState): void {
    if (port.state === state) return;
    const { bridge } = this;
    port.state = state;
    bridge.ns.log(`${bridge.name}: port ${port.number}(${port.link.name}) entered ${state} state`);
    bridge.portStateChanged(port);
  }

  /** br_stp_enable_port */
  portUp(port: BridgePort): void {
    this.init(port);
    this.select();
  }

  /** br_stp_disable_port */
  portDown(port: BridgePort): void {
    const wasRoot = this.isRoot;
    const d = this.ports.get(port);
    if (d) this.stopPort(d);
    this.ports.delete(port);
    this.configurationUpdate();
    this.select();
    if (this.isRoot && !wasRoot) this.becomeRoot();
  }

  /** The bridge's identifier changed (br_stp_change_bridge_id). */
  idChanged(old: string): void {
    const wasRoot = this.root === old;
    for (const [port, d] of this.ports) {
      if (d.bridge === old) d.bridge = this.bridge.bridgeId;
      if (d.root === old) d.root = this.bridge.bridgeId;
      void port;
    }
    this.configurationUpdate();
    this.select();
    if (this.isRoot && !wasRoot) this.becomeRoot();
  }

  // --- the algorithm ------------------------------------------------------------------------------------------------

  /** br_root_selection and br_designated_port_selection. */
  private configurationUpdate(): void {
    const own = this.bridge.bridgeId;
    let best: BridgePort | null = null;
    const seen = (port: BridgePort): Vector => {
      const d = this.data(port);
      return { root: d.root, cost: d.cost + port.cost, bridge: d.bridge, port: d.port };
    };
    for (const port of this.ports.keys()) {
      if (port.state === 'disabled' || port.flags.rootBlock || this.designated(port)) continue;
      if (this.data(port).root >= own) continue;
      if (best === null) best = port;
      else if (better(seen(port), seen(best))) best = port;
      else if (!better(seen(best), seen(port)) && port.id < best.id) best = port;
    }
    this.rootPort = best;
    if (best === null) {
      this.root = own;
      this.rootCost = 0;
    } else {
      this.root = this.data(best).root;
      this.rootCost = this.data(best).cost + best.cost;
    }
    for (const port of this.ports.keys()) {
      if (port.state === 'disabled') continue;
      const d = this.data(port);
      const mine: Vector = { root: this.root, cost: this.rootCost, bridge: own, port: port.id };
      if (this.designated(port) || d.root !== this.root || better(mine, d)) this.becomeDesignated(port);
    }
  }

  /** br_port_state_selection */
  private select(): void {
    for (const port of [...this.ports.keys()]) {
      if (port.state === 'disabled') continue;
      const d = this.data(port);
      if (port === this.rootPort) {
        d.configPending = d.topologyChangeAck = false;
        this.makeForwarding(port);
      } else if (this.designated(port)) {
        d.messageAge?.cancel();
        d.messageAge = null;
        this.makeForwarding(port);
      } else {
        d.configPending = d.topologyChangeAck = false;
        this.makeBlocking(port);
      }
    }
    this.bridge.selectStates();
  }

  private makeForwarding(port: BridgePort): void {
    if (port.state !== 'blocking') return;
    if (this.forwardDelay === 0) {
      this.set(port, 'forwarding');
      this.topologyChangeDetection();
      return;
    }
    this.set(port, 'listening');
    this.armForwardDelay(port);
  }

  private armForwardDelay(port: BridgePort): void {
    const d = this.data(port);
    d.forwardDelay?.cancel();
    d.forwardDelay = this.after(this.forwardDelay * TICK, () => {
      d.forwardDelay = null;
      if (port.state === 'listening') {
        this.set(port, 'learning');
        this.armForwardDelay(port);
      } else if (port.state === 'learning') {
        this.set(port, 'forwarding');
        if ([...this.ports.keys()].some((p) => this.designated(p))) this.topologyChangeDetection();
        this.bridge.selectStates();
      }
    });
  }

  private makeBlocking(port: BridgePort): void {
    if (port.state === 'disabled' || port.state === 'blocking') return;
    if (port.state === 'forwarding' || port.state === 'learning') this.topologyChangeDetection();
    this.set(port, 'blocking');
    const d = this.data(port);
    d.forwardDelay?.cancel();
    d.forwardDelay = null;
  }

  /** br_become_root_bridge */
  private becomeRoot(): void {
    const s = this.bridge.settings;
    this.maxAge = s.maxAge;
    this.helloTime = s.helloTime;
    this.forwardDelay = s.forwardDelay;
    this.topologyChangeDetection();
    this.tcn?.cancel();
    this.tcn = null;
    if (this.bridge.up) {
      this.generate();
      this.armHello();
    }
  }

  private armHello(): void {
    this.hello?.cancel();
    this.hello = this.after(this.helloTime * TICK, () => {
      this.hello = null;
      if (!this.bridge.up) return;
      this.generate();
      this.armHello();
    });
  }

  /** br_config_bpdu_generation: only the root speaks on its own. */
  private generate(): void {
    if (!this.isRoot) return;
    for (const port of [...this.ports.keys()])
      if (port.state !== 'disabled' && this.designated(port)) this.transmit(port);
  }

  /** br_topology_change_detection */
  private topologyChangeDetection(): void {
    const { bridge } = this;
    if (this.isRoot) {
      bridge.ns.log(`${bridge.name}: topology change detected, propagating`);
      this.setTopologyChange(true);
      this.topologyTimer?.cancel();
      const s = bridge.settings;
      this.topologyTimer = this.after((s.maxAge + s.forwardDelay) * TICK, () => {
        this.topologyTimer = null;
        this.setTopologyChange(false);
        this.topologyChangeDetected = false;
      });
    } else if (!this.topologyChangeDetected) {
      bridge.ns.log(`${bridge.name}: topology change detected, sending tcn bpdu`);
      this.sendTcn();
    }
    this.topologyChangeDetected = true;
  }

  private sendTcn(): void {
    if (this.rootPort !== null) this.send(this.rootPort, [0, 0, 0, 0x80]);
    this.tcn?.cancel();
    this.tcn = this.after(this.bridge.settings.helloTime * TICK, () => {
      this.tcn = null;
      if (!this.isRoot && this.bridge.up) this.sendTcn();
    });
  }

  /** br_transmit_config */
  private transmit(port: BridgePort): void {
    const d = this.data(port);
    if (d.hold !== null) {
      d.configPending = true;
      return;
    }
    const age =
      this.isRoot || this.rootPort === null
        ? 0
        : this.maxAge -
          Math.max(0, Math.floor(((this.data(this.rootPort).messageAge?.at ?? 0) - this.bridge.ns.now) / TICK)) +
          1;
    if (age >= this.maxAge) return;
    const flags = (this.topologyChange ? 0x01 : 0) | (d.topologyChangeAck ? 0x80 : 0);
    d.topologyChangeAck = d.configPending = false;
    this.send(port, [
      ...[0, 0, 0, 0, flags],
      ...idBytes(this.root),
      ...[this.rootCost >>> 24, (this.rootCost >> 16) & 255, (this.rootCost >> 8) & 255, this.rootCost & 255],
      ...idBytes(this.bridge.bridgeId),
      ...[port.id >> 8, port.id & 255],
      ...toWire(age),
      ...toWire(this.maxAge),
      ...toWire(this.helloTime),
      ...toWire(this.forwardDelay),
    ]);
    d.hold = this.after(HOLD, () => {
      d.hold = null;
      if (d.configPending) this.transmit(port);
    });
  }

  private send(port: BridgePort, bpdu: readonly number[]): void {
    const bytes = Uint8Array.from([...LLC, ...bpdu]);
    const skb = new Skb(bytes.length, makeRaw(bytes));
    skb.dst = GROUP;
    skb.src = port.link.mac;
    // The kernel sends from a queue of its own, not from within what caused it.
    this.bridge.ns.host.scheduler.defer(() => {
      if (port.link.up && port.bridge === this.bridge) port.link.transmit(skb);
    });
  }

  // --- what others say ----------------------------------------------------------------------------------------------

  /** br_stp_rcv. @returns false when it is no message of this protocol */
  receive(skb: Skb, port: BridgePort): boolean {
    const { payload } = skb;
    if (payload.kind !== 'raw') return false;
    const b = payload.bytes;
    if (b.length < 3 + TCN || LLC.some((n, i) => b[i] !== n) || b[3] !== 0 || b[4] !== 0 || b[5] !== 0) return false;
    if (!this.bridge.up || port.state === 'disabled' || !this.ports.has(port)) return true;
    if (port.flags.guard) {
      this.bridge.ns.log(`${this.bridge.name}: BPDU received on blocked port ${port.number}(${port.link.name})`);
      this.set(port, 'disabled');
      this.portDown(port);
      return true;
    }
    const m = b.subarray(3);
    if (m[3] === 0x80) this.receivedTcn(port);
    else if (m[3] === 0 && m.length >= CONFIG) {
      this.receivedConfig(port, {
        topologyChange: (m[4]! & 1) !== 0,
        topologyChangeAck: (m[4]! & 0x80) !== 0,
        root: idText(m, 5),
        cost: ((m[13]! << 24) | (m[14]! << 16) | (m[15]! << 8) | m[16]!) >>> 0,
        bridge: idText(m, 17),
        port: (m[25]! << 8) | m[26]!,
        messageAge: fromWire(m, 27),
        maxAge: fromWire(m, 29),
        helloTime: fromWire(m, 31),
        forwardDelay: fromWire(m, 33),
      });
    }
    return true;
  }

  /** br_received_config_bpdu */
  private receivedConfig(port: BridgePort, c: Config): void {
    const wasRoot = this.isRoot;
    const d = this.data(port);
    const supersedes =
      better(c, d) ||
      (c.root === d.root &&
        c.cost === d.cost &&
        c.bridge === d.bridge &&
        (c.bridge !== this.bridge.bridgeId || c.port <= d.port));
    if (supersedes) {
      d.root = c.root;
      d.cost = c.cost;
      d.bridge = c.bridge;
      d.port = c.port;
      d.messageAge?.cancel();
      d.messageAge = this.after(Math.max(0, c.maxAge - c.messageAge) * TICK, () => this.messageAged(port));
      this.configurationUpdate();
      this.select();
      if (!this.isRoot && wasRoot) {
        this.hello?.cancel();
        this.hello = null;
        if (this.topologyChangeDetected) {
          this.topologyTimer?.cancel();
          this.topologyTimer = null;
          this.sendTcn();
        }
      }
      if (port === this.rootPort) {
        this.maxAge = c.maxAge;
        this.helloTime = c.helloTime;
        this.forwardDelay = c.forwardDelay;
        this.setTopologyChange(c.topologyChange);
        // br_config_bpdu_generation: hands the root's message on.
        for (const p of [...this.ports.keys()]) if (p.state !== 'disabled' && this.designated(p)) this.transmit(p);
        if (c.topologyChangeAck) {
          this.topologyChangeDetected = false;
          this.tcn?.cancel();
          this.tcn = null;
        }
      }
    } else if (this.designated(port)) this.transmit(port);
  }

  private messageAged(port: BridgePort): void {
    const d = this.data(port);
    d.messageAge = null;
    if (port.state === 'disabled') return;
    const { bridge } = this;
    bridge.ns.log(`${bridge.name}: port ${port.number}(${port.link.name}) neighbor ${d.bridge} lost`);
    const wasRoot = this.isRoot;
    this.becomeDesignated(port);
    this.configurationUpdate();
    this.select();
    if (this.isRoot && !wasRoot) this.becomeRoot();
  }

  /** br_received_tcn_bpdu */
  private receivedTcn(port: BridgePort): void {
    if (!this.designated(port)) return;
    const { bridge } = this;
    bridge.ns.log(`${bridge.name}: port ${port.number}(${port.link.name}) received tcn bpdu`);
    this.topologyChangeDetection();
    this.data(port).topologyChangeAck = true;
    this.transmit(port);
  }

  // --- for show -----------------------------------------------------------------------------------------------------

  private left(timer: Timer | null): number {
    return timer === null ? 0 : Math.max(0, Math.floor((timer.at - this.bridge.ns.now) / TICK));
  }

  info(): StpInfo {
    return {
      designatedRoot: this.root,
      rootPort: this.rootPort?.number ?? 0,
      rootPathCost: this.rootCost,
      topologyChange: this.topologyChange,
      topologyChangeDetected: this.topologyChangeDetected,
      helloTimer: this.left(this.hello),
      tcnTimer: this.left(this.tcn),
      topologyChangeTimer: this.left(this.topologyTimer),
    };
  }

  portInfo(port: BridgePort): PortStpInfo {
    const d = this.data(port);
    return {
      designatedRoot: d.root,
      designatedBridge: d.bridge,
      designatedPort: d.port,
      designatedCost: d.cost,
      topologyChangeAck: d.topologyChangeAck,
      configPending: d.configPending,
      messageAgeTimer: this.left(d.messageAge),
      forwardDelayTimer: this.left(d.forwardDelay),
      holdTimer: this.left(d.hold),
    };
  }
}
