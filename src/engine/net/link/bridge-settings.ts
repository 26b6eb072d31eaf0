/** What can be set on a bridge (net/bridge/br_netlink.c, br_changelink). */
import { Errno } from '../../core';
import type { Mac } from '../../wire';
import type { BridgeOptions } from '../api';
import type { BridgeLink } from './bridge';

/** Settings of a new bridge; timers in 1/100 s. */
export function defaultBridgeSettings() {
  return {
    forwardDelay: 1500,
    helloTime: 200,
    maxAge: 2000,
    ageingTime: 30000,
    stpState: 0,
    priority: 32768,
    vlanFiltering: false,
    vlanDefaultPvid: 1,
    groupFwdMask: 0,
    groupAddress: '01:80:c2:00:00:00' as Mac,
    mcastSnooping: true,
    mcastQuerier: false,
    mcastRouter: 1,
    nfCallIptables: false,
    nfCallIp6tables: false,
    nfCallArptables: false,
  };
}

/** Applies settings, each as soon as it is found right. @throws Errno ERANGE, EINVAL, EPERM, EOPNOTSUPP */
export function configureBridge(bridge: BridgeLink, o: BridgeOptions): void {
  const s = bridge.settings;
  const inRange = (v: number, lo: number, hi: number): number => {
    if (v < lo || v > hi) throw new Errno('ERANGE');
    return v;
  };
  if (o.forwardDelay !== undefined) s.forwardDelay = s.stpState ? inRange(o.forwardDelay, 200, 3000) : o.forwardDelay;
  if (o.helloTime !== undefined) s.helloTime = inRange(o.helloTime, 100, 1000);
  if (o.maxAge !== undefined) s.maxAge = inRange(o.maxAge, 600, 4000);
  if (o.ageingTime !== undefined) {
    s.ageingTime = o.ageingTime;
    bridge.ageingChanged();
  }
  if (o.stpState !== undefined) bridge.setStp(o.stpState !== 0);
  if (o.priority !== undefined) bridge.setPriority(o.priority);
  if (o.vlanFiltering !== undefined) {
    if (o.vlanFiltering) bridge.useVlans();
    s.vlanFiltering = o.vlanFiltering;
  }
  if (o.vlanDefaultPvid !== undefined) {
    if (o.vlanDefaultPvid >= 4095) throw new Errno('EINVAL');
    if (s.vlanFiltering) throw new Errno('EPERM');
    bridge.useVlans().setDefaultPvid(o.vlanDefaultPvid);
  }
  if (o.groupFwdMask !== undefined) {
    if (o.groupFwdMask & 7) throw new Errno('EINVAL');
    s.groupFwdMask = o.groupFwdMask;
  }
  if (o.groupAddress !== undefined) {
    // 01, 02 and 03 are for pause frames, slow protocols and 802.1X.
    if (!/^01:80:c2:00:00:0[04-9a-f]$/.test(o.groupAddress)) throw new Errno('EINVAL');
    s.groupAddress = o.groupAddress;
  }
  if (o.mcastSnooping !== undefined) s.mcastSnooping = o.mcastSnooping;
  if (o.mcastQuerier !== undefined) s.mcastQuerier = o.mcastQuerier;
  if (o.mcastRouter !== undefined) s.mcastRouter = o.mcastRouter;
  if (o.nfCallIptables !== undefined) s.nfCallIptables = o.nfCallIptables;
  if (o.nfCallIp6tables !== undefined) s.nfCallIp6tables = o.nfCallIp6tables;
  if (o.nfCallArptables !== undefined) s.nfCallArptables = o.nfCallArptables;
  if (o.fdbFlush) for (const p of bridge.ports) bridge.fdb.flushPort(p, true);
}
