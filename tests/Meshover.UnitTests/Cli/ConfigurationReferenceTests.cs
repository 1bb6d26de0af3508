using System.Text;
using Meshover.Agent.Configuration;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class ConfigurationReferenceTests
{
    /// <summary>docs/configuration.md is written from the table that the program itself reads settings by.</summary>
    [Fact]
    public void Reference_IsWhatTheProgramKnows() => GoldenFile.Equal("../../../docs/configuration.md", Render());

    private static string Render()
    {
        var text = new StringBuilder("""
            # Settings of a node

            `/etc/meshover/agent.yaml` and the flags of `meshover up`, `run` and `agent` take the same settings under the same names: `site: tokyo` in
            the file is `--site tokyo` on the command line. Everything is checked as a whole, and every error is reported, before anything is changed.

            `meshover up` writes the flags that it is given into the file and keeps those given earlier; an empty value (`--announce ''`)
            resets one. `announce`, `announcements` and `neighbors` take effect without a restart of the agent. A file that you wrote or changed yourself is yours: it is read and never written, `up` refuses flags that
            contradict it, and `down` leaves it where it is.

            | setting | value | effect |
            |---|---|---|

            """);
        foreach (var setting in AgentSettings.All)
        {
            var value = setting.ValueName.Replace("|", "\\|", StringComparison.Ordinal);
            text.Append($"| `{setting.Name}` | {value}{(setting.IsList ? ", or a list" : "")} | {setting.Help} |\n");
        }
        text.Append("""

            ## Announcements with conditions

            `announcements` is a list of mappings in the file; a flag carries one as `--announcements '{prefix: 10.9.0.1/32, mode: anycast}'`. `meshover announce` takes the
            same keys as flags, and keeps what it was told over restarts ([guides/announcing.md](guides/announcing.md)). A name of the address in the mesh's DNS
            is no setting of a node, but of the grant ([guides/names.md](guides/names.md#names-of-services-and-floating-addresses)).

            | key | value | effect |
            |---|---|---|
            | `prefix` | CIDR or ADDRESS | What is announced, within the node's grants. Needed. An address without a length is a host's. |
            | `check` | http://…, https://…, tcp:HOST:PORT or cmd:PROGRAM ARGUMENTS | It is announced while this succeeds. A URL answers with a status of 200 to 399 (redirects are not followed, certificates are not looked at), a port accepts, a program, run by no shell, ends with 0. Default: always. |
            | `interval` | DURATION | From one check to the next, 100ms to 1h. Default: 1s. |
            | `timeout` | DURATION | What a check may take, at most the interval; a program is killed then with all that it started. Default: half the interval, at most 1s. |
            | `rise` | COUNT | So many checks in a row that succeed bring it back. Default: 2. |
            | `fall` | COUNT | So many checks in a row that fail withdraw it. Default: 3. |
            | `mode` | plain\|anycast\|active-standby | Whether other nodes announce it, too: nobody is meant to, several at once, or one of several has it. Default: plain. |
            | `priority` | NUMBER | Of several nodes in `active-standby` the living one with the greatest has it, 1 to 255. Default: 100. |
            | `address` | true\|false | Put the address of a host (/32 or /128) on an interface of this node while it is announced from here. Default: true. |

            ## Workloads that announce themselves

            `announce-tables`, `announce-interfaces` and `workloads` watch the kernel. What they find is announced as it comes and goes, within the grants of
            the node; what is not granted is kept back and named in `meshover status`, which has a line for each of them. A grant is for a range:
            `meshover grant add NODE 10.224.0.0/16 --max-length 32`. Tables 253 to 255 and 7401 to 7499 are refused. A change of these settings restarts the agent,
            which withdraws nothing.

            Of a table, routes to somewhere are announced; blackhole, unreachable, default, multicast and link-local ones are not, and neither are those
            that FRR or Meshover put there or that lead into the mesh. Of an interface that is up, each address is, with its prefix length; link-local, deprecated and tentative ones are not. The address belongs to the node itself then: what is
            sent there is delivered there, to a program or to what rewrites its destination.

            With `announce-bgp`, speakers of this machine dial the agent and tell it what they have; they are told nothing. Only system users are heard (root, and numbers below
            1000), 16 sessions at a time. What a speaker told of a family that it restarts gracefully (RFC 4724) is kept while it is away, for as long as it asks and at most 5 minutes, and what it told
            the agent before is kept for 150 s where the agent itself starts anew; else its session's end withdraws it. Prefixes with NO_EXPORT or NO_ADVERTISE are not passed on. [The guide](guides/cluster-speakers.md) has
            the values for Cilium, MetalLB and Calico.

            `workloads` is a list of mappings in the file; a flag carries one as `--workloads '{interface: vmbr1, prefixes: [10.70.0.0/16], hosts: true}'`.

            | key | value | effect |
            |---|---|---|
            | `interface` | NAME | The bridge. Needed. It must have no port to a network where others answer for the same addresses. |
            | `prefixes` | CIDR, or a list | What the workloads there have addresses of. Needed. |
            | `hosts` | true\|false | Announce each host that lives there for itself, as a /32 or /128, so that it can move to another node and keep its address. Default: false, the prefixes are announced while the interface is up. |

            With `hosts`, the node answers ARP on the bridge for hosts that are elsewhere. All nodes have the gateway's address on their bridges, and should give
            them one MAC address. A host is found by its gratuitous ARP, its unsolicited neighbour advertisement, or when it asks for the gateway; its packets
            alone do not tell. One whose address is outside the bridge's own prefixes is not announced. Where two nodes have a host of one address, packets go to the
            newer one, and the source's line at the other says so; of one MAC address no more than 16 addresses a minute are newer. No more than 4,096 prefixes of a
            source are announced; which are not, `status` says.

            ## The cost of links

            Of several ways the one that costs least in all is taken, and ways that cost the same share the packets. A link costs 80, and from 4 ms on about its round trip in tenths of a millisecond besides, in steps, more where round trips differ by 20 ms and more, and much more where
            10 % of packets are lost. So a way by a third node is taken where it is quicker than the direct link, mostly within 10 s (in a mesh of up to 250 nodes), and what lasts a moment moves nothing. Both directions go the same way, as each end adds its half to both
            ([decision 107](decisions/107-each-end-adds-half.md)).

            `link-cost` adds to that, such as for a link that is paid by the byte; one end is enough, and both directions pay. A name that no node has counts for nothing, which `meshover status` tells (`link-of-nobody`). `measured-cost: false` on a node leaves its halves at the least (links are measured all the same for `bfd-profile`, unless that is set for all of them); set it on all for a mesh that is routed by
            `link-cost` alone. `meshover status --peer` shows what a node adds, `meshover route explain` what each way costs. `prefer-underlay` says on which addresses peers are called first, such as those of a private network that some of them share; a link that works elsewhere is led
            there after some 10 to 25 s, and no packet is lost by that ([decision 109](decisions/109-links-are-led.md)). Of several ranges the order should be the same on all nodes. A range in which some peers cannot be called costs each of them 6 s at first, and what is sent to them for some tenths of a second whenever it is tried again: after one minute, two, four, and at last
            each 64; where packets arrive and no answer comes back, 5 s, and the next try comes after a quarter of an hour or more. A change of these settings restarts the agent; packets flow on.

            ## How soon a link is given up

            A link that falls silent is given up by BFD, and traffic goes another way. `bfd-profile` says how soon: `lan` after 0.3 s, `wan` after 0.9 s, `lossy` after 2.4 s, for all links, those with a node (`n3=lan`), or those with the nodes of a site (`site:tokyo=lossy`); what is said
            of a node comes before what is said of its site, and that before what is said of all. By default each link has what its echoes say: `wan` at first, `lan` when it was short (4 ms) and lost nothing for a minute, `lossy` while it loses some 1 % each way. A `lan` link that loses an
            echo, or whose session ends, is `wan` for twice as long as before the next time, so that a machine that stands still now and then gives up nobody ([decision 108](decisions/108-bfd-by-profile.md)). Each end has its own; of the two the slower one's interval holds, and each end gives up by the other's number of packets: set it on both.

            A node sends `bfd-rate` BFD packets a second at most to all peers together, and a fifth of them quickly: so `lan` is 0.3 s up to 10 peers, 0.75 s with 23, and what `wan` is from 26 on; with more than 150 all are slower. `meshover status --peer` shows a link's profile. A change of these settings
            restarts the agent; packets flow on, and no session ends.

            BFD and BGP go as network control (CS6) also outside, in WireGuard's header, so that an uplink that is full, and knows classes of traffic, lets them pass first. With the kernel's data plane that takes nftables, and an FRR that runs as the user `frr`.

            ## Gathering

            `gather` names ranges of source addresses whose packets leave the mesh here. Each must lie in a prefix that is granted to this node with `--gather`, and none is
            a whole family. Several nodes may gather one range: the living one with the greatest `gather-priority` has its packets. `gather-check` names hosts outside that answer
            to ping by this node's underlay. `gather-fallback` is about this node's own workloads, whoever gathers. [guides/gathering.md](guides/gathering.md) says
            what happens where. A change of these settings restarts the agent; packets flow on.

            `masquerade` names sources, such as pods, that nobody outside the mesh has a way back to. Where this node sends their packets out of the mesh, they have one of its own addresses; within the mesh they keep theirs: towards these sources themselves, the pools and all that is
            granted to anybody, and on every link. On the node that gathers the same range it is an egress for the workloads of all nodes. It is done by nftables, and so goes on while the agent is dead.

            ## Neighbours outside the mesh

            `neighbors` is a list of mappings in the file; a flag carries one as `--neighbors '{address: 192.0.2.1, remote-as: 64512}'`. What is learned from
            them enters the mesh within the grants of this node alone, and of the mesh they are told what `out.prefixes` names, and nothing that came
            from outside. [guides/border-router.md](guides/border-router.md) goes through a whole one.

            ```yaml
            neighbors:
              - address: 192.0.2.1
                remote-as: 64512
                password: secret
                in:
                  prefixes: [10.20.0.0/16 le 24]
                out:
                  prefixes: [10.64.0.0/16 le 24]
            ```

            | key | value | effect |
            |---|---|---|

            """);
        foreach (var setting in NeighborSettings.All)
        {
            var value = setting.ValueName.Replace("|", "\\|", StringComparison.Ordinal);
            text.Append($"| `{setting.Name}` | {value}{(setting.IsList ? ", or a list" : "")} | {setting.Help} |\n");
        }
        text.Append("""

            A file that is wrong in any key is refused as a whole, with the key's path, and the former settings stay in force: `meshover up` says it and
            changes nothing.

            ## Exit codes

            Exit codes of `meshover`: 0 all is well; 1 it failed, and one sentence says why; 2 the command line or the file cannot be used, and
            nothing was done; 3 the node runs, but something about it is not as it should be (`meshover status` says what).

            """);
        return text.ToString();
    }
}
