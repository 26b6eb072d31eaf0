/** The rarer kinds of link in one chunk: devices, VLAN filtering of bridges, and what `ip` knows of them. Imported for its effect. */
import { bridgeOps, registerLinkKind } from '../../net';
import { BridgeVlans } from '../../net/link/bridge-vlan';
import { IPVLAN_KIND } from '../../net/link/ipvlan';
import { MACVLAN_KIND } from '../../net/link/macvlan';
import { Stp } from '../../net/link/stp';
import { VLAN_KIND } from '../../net/link/vlan';
import { VXLAN_KIND } from '../../net/link/vxlan';
import { bridgeMdb } from './bridge-mdb';
import { bridgeVlan } from './bridge-vlan';
import { ipvlanTool } from './ipvlan';
import { macvlanTool } from './macvlan';
import { registerBridgeCommand, registerKindTool } from './tool';
import { vlanTool } from './vlan';
import { vxlanTool } from './vxlan';

bridgeOps.stp = (bridge) => new Stp(bridge);
bridgeOps.vlans = (bridge) => new BridgeVlans(bridge);
registerLinkKind('vlan', VLAN_KIND);
registerLinkKind('vxlan', VXLAN_KIND);
registerLinkKind('macvlan', MACVLAN_KIND);
registerLinkKind('ipvlan', IPVLAN_KIND);
registerKindTool('vlan', vlanTool);
registerKindTool('vxlan', vxlanTool);
registerKindTool('macvlan', macvlanTool);
registerKindTool('ipvlan', ipvlanTool);
registerBridgeCommand('mdb', bridgeMdb);
registerBridgeCommand('vlan', bridgeVlan);
